// The options of `adit key`.
#include "app/option_binding.h"
#include "app/option_definitions.h"

namespace adit {
namespace {

void define_application(CLI::App& app, bool& application) {
  add_switch(app, {"--application", "", "", "An application key (AppKey), not a user's (Bearer)"},
             Scope::kFlagOnly, application);
}

void define_import(CLI::App& group, CommandBook& book) {
  CLI::App* app = group.add_subcommand("import", "Make a key known that a client has already");
  auto& options = book.add<KeyImportOptions>(app);
  define_word(*app, "NAME", "What the key is for", options.name);
  add_text(*app, {"--file", "FILE", "-", "File whose first line is the key; - is standard input"},
           Scope::kFlagOnly, [&options](std::string text) { options.file = std::move(text); });
  options.file = "-";
  define_application(*app, options.application);
  define_json(*app, options.json);
  define_connection(*app, options.connection);
  app->footer(
      "So a client moves over without any change but the URL. The key is base64 of an id, a colon and a "
      "secret of "
      "44 base64 characters; it is no argument, since others can see those.\n\n"
      "Examples:\n"
      "  adit key import extractor --application < extractor.key\n"
      "  adit key import nightly-load --file nightly.key --data /var/lib/adit");
}

}  // namespace

void define_key(CLI::App& root, CommandBook& book) {
  CLI::App* group =
      root.add_subcommand("key", "Create, import, list and delete keys, also while the server is stopped");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n  adit key create nightly-load --application\n  adit key list\n  adit key delete ID");

  CLI::App* app = group->add_subcommand("create", "Create a key and print it; it is not shown again");
  auto& create = book.add<KeyCreateOptions>(app);
  define_word(*app, "NAME", "What the key is for", create.name);
  define_application(*app, create.application);
  define_json(*app, create.json);
  define_connection(*app, create.connection);
  app->footer("Example:\n  adit key create nightly-load --application");

  define_import(*group, book);

  app = group->add_subcommand("list", "List the keys; the keys themselves are not kept");
  auto& list = book.add<KeyListOptions>(app);
  define_json(*app, list.json);
  define_connection(*app, list.connection);
  app->footer("Example:\n  adit key list --data /var/lib/adit");

  app = group->add_subcommand("delete", "Delete a key; it stops working at once");
  auto& remove = book.add<KeyDeleteOptions>(app);
  define_word(*app, "ID", "Id of the key, as in the list", remove.id);
  define_connection(*app, remove.connection);
  app->footer("Example:\n  adit key delete 4f9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10");
}

}  // namespace adit
