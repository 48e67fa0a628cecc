// The options of `adit user`, `app`, `group`, `grant` and `team`.
#include "app/option_binding.h"
#include "app/option_definitions.h"

namespace adit {
namespace {

CLI::App* define_group_of(CLI::App& root, const std::string& name, const std::string& help,
                          const std::string& footer) {
  CLI::App* group = root.add_subcommand(name, help);
  group->require_subcommand(1);
  group->footer(footer);
  return group;
}

/// One command of a group, with the options that all of them have.
template <class Options, class Action>
Options& define_action(CLI::App& group, CommandBook& book, Action action, const std::string& name,
                       const std::string& help, const std::string& example) {
  CLI::App* app = group.add_subcommand(name, help);
  auto& options = book.add<Options>(app);
  options.action = action;
  define_json(*app, options.json);
  define_access_connection(*app, options.connection);
  app->footer("Example:\n  " + example);
  return options;
}

void add_plain(CLI::App& app, const OptionText& text, std::string& target) {
  add_text(app, text, Scope::kFlagOnly, [&target](std::string value) { target = std::move(value); });
}

const std::string kUserHelp = "Email address or id of the user";

}  // namespace

void define_user(CLI::App& root, CommandBook& book) {
  CLI::App* group = define_group_of(
      root, "user", "List, create, change and delete users, also while the server is stopped",
      "Examples:\n  adit user create ada@example.org --name 'Ada L.' --role ANALYST\n  adit user list");
  define_action<UserOptions>(*group, book, UserAction::kList, "list", "List the users of the team",
                             "adit user list");
  auto& create = define_action<UserOptions>(
      *group, book, UserAction::kCreate, "create", "Create a user, and print their one-time password",
      "adit user create ada@example.org --name 'Ada L.' --role ANALYST");
  CLI::App* app = group->get_subcommand("create");
  define_word(*app, "EMAIL", "Email address of the user", create.user);
  add_plain(*app, {"--name", "NAME", "", "Their name; without it, the address"}, create.name);
  add_plain(*app, {"--role", "ROLE", "MEMBER", "MEMBER, ANALYST or ADMIN"}, create.role);

  auto& change = define_action<UserOptions>(*group, book, UserAction::kChange, "change",
                                            "Change a user's name, address or role; disable or enable them",
                                            "adit user change ada@example.org --disable");
  app = group->get_subcommand("change");
  define_word(*app, "USER", kUserHelp, change.user);
  add_plain(*app, {"--name", "NAME", "", "Another name"}, change.name);
  add_plain(*app, {"--email", "EMAIL", "", "Another address"}, change.email);
  add_plain(*app, {"--role", "ROLE", "", "MEMBER, ANALYST or ADMIN"}, change.role);
  add_switch(*app, {"--disable", "", "", "Their keys hold no more"}, Scope::kFlagOnly, change.disable);
  add_switch(*app, {"--enable", "", "", "Their keys hold again"}, Scope::kFlagOnly, change.enable)
      ->excludes("--disable");

  auto& reset = define_action<UserOptions>(*group, book, UserAction::kResetPassword, "reset-password",
                                           "Give a user a one-time password, and print it",
                                           "adit user reset-password ada@example.org");
  define_word(*group->get_subcommand("reset-password"), "USER", kUserHelp, reset.user);
  auto& remove = define_action<UserOptions>(*group, book, UserAction::kDelete, "delete",
                                            "Delete a user with their keys and permissions",
                                            "adit user delete ada@example.org");
  define_word(*group->get_subcommand("delete"), "USER", kUserHelp, remove.user);
}

void define_app(CLI::App& root, CommandBook& book) {
  CLI::App* group = define_group_of(
      root, "app", "List, create, disable and delete applications, also while the server is stopped",
      "Examples:\n  adit app create extractor\n  adit grant give DATA_PUSH_API --app extractor --pool Sales\n"
      "  adit key create extractor-key --app extractor");
  define_action<AppOptions>(*group, book, AppAction::kList, "list", "List the applications of the team",
                            "adit app list");
  const std::string which = "Name or id of the application";
  const auto define = [&](AppAction action, const std::string& name, const std::string& help) {
    auto& options =
        define_action<AppOptions>(*group, book, action, name, help, "adit app " + name + " extractor");
    const bool creates = action == AppAction::kCreate;
    define_word(*group->get_subcommand(name), creates ? "NAME" : "APP", creates ? "Its name" : which,
                options.app);
  };
  define(AppAction::kCreate, "create", "Create an application that may nothing yet, and print its id");
  define(AppAction::kDisable, "disable", "Its keys hold no more");
  define(AppAction::kEnable, "enable", "Its keys hold again");
  define(AppAction::kDelete, "delete", "Delete an application with its keys and permissions");
}

void define_group(CLI::App& root, CommandBook& book) {
  CLI::App* group = define_group_of(
      root, "group", "List, create and fill groups of users, also while the server is stopped",
      "Examples:\n  adit group create loaders\n  adit group add loaders ada@example.org\n"
      "  adit grant give DATA_PUSH_API --group loaders --pool Sales");
  define_action<GroupOptions>(*group, book, GroupAction::kList, "list", "List the groups of the team",
                              "adit group list");
  const auto define = [&](GroupAction action, const std::string& name, const std::string& help,
                          const std::string& example) {
    auto& options = define_action<GroupOptions>(*group, book, action, name, help, example);
    CLI::App* app = group->get_subcommand(name);
    const bool creates = action == GroupAction::kCreate;
    define_word(*app, creates ? "NAME" : "GROUP", creates ? "Its name" : "Name or id of the group",
                options.group);
    if (action == GroupAction::kAdd || action == GroupAction::kRemove) {
      define_word(*app, "USER", kUserHelp, options.user);
    }
  };
  define(GroupAction::kCreate, "create", "Create a group, and print its id", "adit group create loaders");
  define(GroupAction::kAdd, "add", "Put a user into a group", "adit group add loaders ada@example.org");
  define(GroupAction::kRemove, "remove", "Take a user out of a group",
         "adit group remove loaders ada@example.org");
  define(GroupAction::kDelete, "delete", "Delete a group; what was granted to it ends",
         "adit group delete loaders");
}

void define_grant(CLI::App& root, CommandBook& book) {
  CLI::App* group = define_group_of(
      root, "grant", "List, give and take permissions, also while the server is stopped",
      "Examples:\n  adit grant give DATA_PUSH_API --app extractor --pool Sales\n"
      "  adit grant give VIEW_ALL_DATA_POOLS --group analysts\n  adit grant list --pool Sales");
  auto& list = define_action<GrantOptions>(*group, book, GrantAction::kList, "list",
                                           "List what was granted in the team, or on a pool",
                                           "adit grant list --pool Sales");
  add_plain(*group->get_subcommand("list"), {"--pool", "NAME|ID", "", "Only on this pool"}, list.pool);
  const auto define = [&](GrantAction action, const std::string& name, const std::string& help) {
    auto& options =
        define_action<GrantOptions>(*group, book, action, name, help,
                                    "adit grant " + name + " DATA_PUSH_API --app extractor --pool Sales");
    CLI::App* app = group->get_subcommand(name);
    define_word(*app, "PERMISSION", "As VIEW_DATA_POOL; docs/SECURITY.md lists them", options.permission);
    add_plain(*app, {"--user", "EMAIL|ID", "", "To or from this user"}, options.user);
    add_plain(*app, {"--app", "NAME|ID", "", "To or from this application"}, options.app);
    add_plain(*app, {"--group", "NAME|ID", "", "To or from this group"}, options.group);
    add_plain(*app, {"--pool", "NAME|ID", "", "On this pool; without it, in the team"}, options.pool);
  };
  define(GrantAction::kGive, "give", "Grant a permission");
  define(GrantAction::kTake, "take", "Take a permission back");
}

void define_team(CLI::App& root, CommandBook& book) {
  CLI::App* group =
      define_group_of(root, "team", "List and create teams, on the machine and while the server is stopped",
                      "Examples:\n  adit team list --data /var/lib/adit\n"
                      "  adit team create Acme --domain acme --email ops@acme.example --data /var/lib/adit");
  const auto define = [&](TeamAction action, const std::string& name, const std::string& help,
                          const std::string& footer) -> TeamOptions& {
    CLI::App* app = group->add_subcommand(name, help);
    auto& options = book.add<TeamOptions>(app);
    options.action = action;
    options.data = "data";
    define_json(*app, options.json);
    add_text(*app, {"--data", "DIR", "data", "Data folder of the stopped server"}, Scope::kSetting,
             [&options](std::string text) { options.data = std::move(text); });
    app->footer(footer);
    return options;
  };
  define(TeamAction::kList, "list", "List the teams", "Example:\n  adit team list --data /var/lib/adit");
  auto& create = define(TeamAction::kCreate, "create",
                        "Create a team with an administrator, and print their key and one-time password",
                        "Teams share a server and nothing else.\n\n"
                        "Example:\n  adit team create Acme --domain acme --email ops@acme.example");
  CLI::App* app = group->get_subcommand("create");
  define_word(*app, "NAME", "Name of the team", create.name);
  add_plain(*app, {"--domain", "LABEL", "", "First label of the host names that its clients use"},
            create.domain);
  app->get_option("--domain")->required();
  add_plain(*app, {"--email", "EMAIL", "", "Email address of its administrator"}, create.email);
  app->get_option("--email")->required();
}

}  // namespace adit
