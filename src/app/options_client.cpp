// The options of `adit client`.
#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"

namespace adit {
namespace {

constexpr std::uint64_t kOverlapHoursMax = 30 * 24;

ClientOptions& define_action(CLI::App& group, CommandBook& book, ClientAction action, const std::string& name,
                             const std::string& help, const std::string& example) {
  CLI::App* app = group.add_subcommand(name, help);
  auto& options = book.add<ClientOptions>(app);
  options.action = action;
  if (action == ClientAction::kCreate) {
    define_word(*app, "NAME", "What the client is called; users see it", options.client);
  } else if (action != ClientAction::kList) {
    define_word(*app, "CLIENT", "Name or id of the client", options.client);
  }
  define_json(*app, options.json);
  define_access_connection(*app, options.connection);
  app->footer("Example:\n  " + example);
  return options;
}

void add_words(CLI::App& app, const OptionText& text, std::vector<std::string>& target) {
  add_text(app, text, Scope::kFlagOnly, [&target](const std::string& list) { target = split_list(list); });
}

void define_extent(CLI::App& app, ClientOptions& options) {
  add_words(app, {"--scopes", "A,B", "", "The most that it gets; docs/OAUTH.md lists them"}, options.scopes);
  add_words(app, {"--redirect-uris", "A,B", "", "Where users may be sent back to"}, options.redirect_uris);
  add_words(app, {"--grant-types", "A,B", "", "Of client_credentials, authorization_code and refresh_token"},
            options.grant_types);
}

}  // namespace

void define_client(CLI::App& root, CommandBook& book) {
  CLI::App* group = root.add_subcommand(
      "client", "List, create, change and delete OAuth clients, also while the server is stopped");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n  adit client create loader --scopes integration.data-pools\n"
      "  adit grant give DATA_PUSH_API --app loader --pool Sales\n"
      "  adit client create desktop --public --scopes integration.data-pools:read \\\n"
      "    --redirect-uris http://127.0.0.1/callback");
  define_action(*group, book, ClientAction::kList, "list", "List the OAuth clients", "adit client list");
  define_action(*group, book, ClientAction::kShow, "show", "Show one", "adit client show loader");

  auto& create =
      define_action(*group, book, ClientAction::kCreate, "create", "Create a client, and print its secret",
                    "adit client create loader --scopes integration.data-pools");
  CLI::App* app = group->get_subcommand("create");
  define_extent(*app, create);
  app->get_option("--scopes")->required();
  add_switch(*app, {"--public", "", "", "It can't keep a secret: it runs with its users"}, Scope::kFlagOnly,
             create.is_public);
  add_text(*app, {"--app", "NAME|ID", "", "For itself it acts as this application; without it, a new one"},
           Scope::kFlagOnly, [&create](std::string text) { create.app = std::move(text); });

  auto& change = define_action(*group, book, ClientAction::kChange, "change", "Change, disable or enable one",
                               "adit client change loader --disable");
  app = group->get_subcommand("change");
  define_extent(*app, change);
  add_text(*app, {"--name", "NAME", "", "Another name"}, Scope::kFlagOnly,
           [&change](std::string text) { change.name = std::move(text); });
  add_switch(*app, {"--disable", "", "", "Its tokens hold no more"}, Scope::kFlagOnly, change.disable);
  add_switch(*app, {"--enable", "", "", "Its tokens hold again"}, Scope::kFlagOnly, change.enable)
      ->excludes("--disable");

  auto& secret =
      define_action(*group, book, ClientAction::kSecret, "secret", "Give one another secret, and print it",
                    "adit client secret loader --overlap-hours 48");
  add_value(*group->get_subcommand("secret"),
            {"--overlap-hours", "N", "24", "The old secret holds so long still"}, Scope::kFlagOnly,
            secret.overlap_hours,
            [](std::string_view text) { return parse_count(text, 0, kOverlapHoursMax); });
  define_action(*group, book, ClientAction::kRevoke, "revoke",
                "End all tokens of one, and what users allowed it", "adit client revoke loader");
  define_action(*group, book, ClientAction::kDelete, "delete", "Delete one with its tokens",
                "adit client delete loader");
}

}  // namespace adit
