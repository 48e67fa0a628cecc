// The options of `adit key`.
#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"

namespace adit {
namespace {

constexpr std::uint64_t kExpiresDaysMax = 36'500;
constexpr std::uint64_t kOverlapHoursMax = 720;

KeyOptions& define_action(CLI::App& group, CommandBook& book, KeyAction action, const std::string& name,
                          const std::string& help) {
  CLI::App* app = group.add_subcommand(name, help);
  auto& options = book.add<KeyOptions>(app);
  options.action = action;
  return options;
}

/// What create and import have in common: whose the key is, and how far it goes.
void define_extent(CLI::App& app, KeyOptions& options) {
  add_switch(
      app, {"--application", "", "", "A key (AppKey) of an application that is made along, by the same name"},
      Scope::kFlagOnly, options.application);
  add_text(app, {"--app", "NAME|ID", "", "A key (AppKey) of this application"}, Scope::kFlagOnly,
           [&options](std::string text) { options.app = std::move(text); })
      ->excludes("--application");
  add_text(app, {"--user", "EMAIL|ID", "", "A key (Bearer) of this user; without it, one's own"},
           Scope::kFlagOnly, [&options](std::string text) { options.user = std::move(text); })
      ->excludes("--application")
      ->excludes("--app");
  add_value(app, {"--expires-days", "N", "", "It expires after so many days"}, Scope::kFlagOnly,
            options.expires_days,
            [](std::string_view text) { return parse_count(text, 1, kExpiresDaysMax); });
  add_text(app, {"--scopes", "A,B", "", "It opens these scopes only"}, Scope::kFlagOnly,
           [&options](const std::string& text) { options.scopes = split_list(text); });
  add_text(app, {"--pools", "A,B", "", "It reaches these pools only; names or ids"}, Scope::kFlagOnly,
           [&options](const std::string& text) { options.pools = split_list(text); });
}

void define_import(CLI::App& group, CommandBook& book) {
  auto& options =
      define_action(group, book, KeyAction::kImport, "import", "Make a key known that a client has already");
  CLI::App* app = group.get_subcommand("import");
  define_word(*app, "NAME", "What the key is for", options.name);
  add_text(*app, {"--file", "FILE", "-", "File whose first line is the key; - is standard input"},
           Scope::kFlagOnly, [&options](std::string text) { options.file = std::move(text); });
  options.file = "-";
  define_extent(*app, options);
  define_json(*app, options.json);
  define_access_connection(*app, options.connection);
  app->footer(
      "So a client moves over without any change but the URL. The key is base64 of an id, a colon and a "
      "secret of "
      "44 base64 characters; it is no argument, since others can see those. An application that is made "
      "along "
      "may nothing until something is granted to it.\n\n"
      "Examples:\n"
      "  adit key import extractor --application < extractor.key\n"
      "  adit key import nightly-load --file nightly.key --data /var/lib/adit");
}

void define_create(CLI::App& group, CommandBook& book) {
  auto& options = define_action(group, book, KeyAction::kCreate, "create",
                                "Create a key and print it; it is not shown again");
  CLI::App* app = group.get_subcommand("create");
  define_word(*app, "NAME", "What the key is for", options.name);
  define_extent(*app, options);
  define_json(*app, options.json);
  define_access_connection(*app, options.connection);
  app->footer(
      "An application that is made along may nothing until something is granted to it.\n\n"
      "Examples:\n"
      "  adit key create laptop --expires-days 90\n"
      "  adit key create nightly-load --application\n"
      "  adit key create second --app nightly-load --scopes integration.data-pools:data_push --pools Sales");
}

}  // namespace

void define_key(CLI::App& root, CommandBook& book) {
  CLI::App* group = root.add_subcommand(
      "key", "Create, import, list, rotate and delete keys, also while the server is stopped");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n  adit key create nightly-load --application\n  adit key list\n  adit key rotate ID\n"
      "  adit key delete ID");
  define_create(*group, book);
  define_import(*group, book);

  auto& list = define_action(*group, book, KeyAction::kList, "list",
                             "List the keys that one may see; the keys themselves are not kept");
  CLI::App* app = group->get_subcommand("list");
  define_json(*app, list.json);
  define_access_connection(*app, list.connection);
  app->footer("Example:\n  adit key list --data /var/lib/adit");

  auto& rotate = define_action(*group, book, KeyAction::kRotate, "rotate",
                               "Put a new key in an old one's place, and print it");
  app = group->get_subcommand("rotate");
  define_word(*app, "ID", "Id of the key, as in the list", rotate.id);
  add_value(*app, {"--overlap-hours", "N", "24", "The old key holds so long still"}, Scope::kFlagOnly,
            rotate.overlap_hours,
            [](std::string_view text) { return parse_count(text, 0, kOverlapHoursMax); });
  define_json(*app, rotate.json);
  define_access_connection(*app, rotate.connection);
  app->footer("Example:\n  adit key rotate 4f9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10 --overlap-hours 48");

  auto& remove =
      define_action(*group, book, KeyAction::kDelete, "delete", "Delete a key; it stops working at once");
  app = group->get_subcommand("delete");
  define_word(*app, "ID", "Id of the key, as in the list", remove.id);
  define_access_connection(*app, remove.connection);
  app->footer("Example:\n  adit key delete 4f9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10");
}

}  // namespace adit
