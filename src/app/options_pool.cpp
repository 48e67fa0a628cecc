// The options of `adit pool` and `adit table`.
#include "app/option_binding.h"
#include "app/option_definitions.h"

namespace adit {

void define_pool(CLI::App& root, CommandBook& book) {
  CLI::App* group = root.add_subcommand("pool", "List, show and create data pools");
  group->require_subcommand(1);
  group->footer("Examples:\n  adit pool list\n  adit pool create Sales --description 'Orders and invoices'");

  CLI::App* app = group->add_subcommand("list", "List the pools");
  auto& list = book.add<PoolListOptions>(app);
  define_json(*app, list.json);
  define_connection(*app, list.connection);
  app->footer("Example:\n  adit pool list --json");

  app = group->add_subcommand("show", "Show a pool and its tables");
  auto& show = book.add<PoolShowOptions>(app);
  define_word(*app, "POOL", "Name or id of the pool", show.pool);
  define_json(*app, show.json);
  define_connection(*app, show.connection);
  app->footer("Example:\n  adit pool show Sales");

  app = group->add_subcommand("create", "Create a pool, and print its id");
  auto& create = book.add<PoolCreateOptions>(app);
  define_word(*app, "NAME", "Name of the pool", create.name);
  add_text(*app, {"--description", "TEXT", "", "What it is for"}, Scope::kFlagOnly,
           [&create](std::string text) { create.description = std::move(text); });
  add_text(*app, {"--id", "UUID", "", "The id it shall have, for clients that know one already"},
           Scope::kFlagOnly, [&create](std::string text) { create.id = std::move(text); });
  define_json(*app, create.json);
  define_connection(*app, create.connection);
  app->footer(
      "Examples:\n"
      "  adit pool create Sales --description 'Orders and invoices'\n"
      "  adit pool create Sales --id 4f9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10");
}

void define_table(CLI::App& root, CommandBook& book) {
  CLI::App* group = root.add_subcommand("table", "List and show the tables of a pool");
  group->require_subcommand(1);
  group->footer("Examples:\n  adit table list --pool Sales\n  adit table show ORDERS --pool Sales");

  CLI::App* app = group->add_subcommand("list", "List the tables of a pool");
  auto& list = book.add<TableListOptions>(app);
  define_pool_choice(*app, list.pool);
  define_json(*app, list.json);
  define_connection(*app, list.connection);
  app->footer("Example:\n  adit table list --pool Sales");

  app = group->add_subcommand("show", "Show the columns of a table");
  auto& show = book.add<TableShowOptions>(app);
  define_word(*app, "TABLE", "Name of the table", show.table);
  define_pool_choice(*app, show.pool);
  define_json(*app, show.json);
  define_connection(*app, show.connection);
  app->footer("Example:\n  adit table show ORDERS --pool Sales");
}

}  // namespace adit
