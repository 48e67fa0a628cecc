// The options of `adit pool` and `adit table`.
#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"

namespace adit {
namespace {

Result<DiskQuota> read_quota(std::string_view text) {
  if (text == "none") return DiskQuota{DiskQuotaKind::kNone};
  if (text == "default") return DiskQuota{DiskQuotaKind::kDefault};
  ADIT_TRY(const auto bytes, parse_size(text));
  if (bytes == 0 || bytes > DiskQuota::kBytesMax) {
    return invalid("`" + std::string(text) + "` is not between 1 byte and " +
                   size_text(DiskQuota::kBytesMax) + "; without a bound it is none");
  }
  return DiskQuota{DiskQuotaKind::kOwn, bytes};
}

}  // namespace

void define_pool(CLI::App& root, CommandBook& book) {
  CLI::App* group = root.add_subcommand("pool", "List, show, create, rename, limit and delete data pools");
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

  app = group->add_subcommand("rename", "Give a pool another name; its id stays");
  auto& rename = book.add<PoolRenameOptions>(app);
  define_word(*app, "POOL", "Name or id of the pool", rename.pool);
  define_word(*app, "NAME", "Its new name", rename.name);
  add_text(*app, {"--description", "TEXT", "", "What it is for; as it was otherwise"}, Scope::kFlagOnly,
           [&rename](std::string text) { rename.description = std::move(text); });
  define_connection(*app, rename.connection);
  app->footer("Example:\n  adit pool rename Sales 'Sales EU'");

  app = group->add_subcommand("quota", "Show what a pool uses of the disk, or set what it may use");
  auto& quota = book.add<PoolQuotaOptions>(app);
  define_word(*app, "POOL", "Name or id of the pool", quota.pool);
  add_value(*app,
            {"--max", "SIZE|none|default", "",
             "What it may use; none is no bound, default the server's --pool-disk-max. For administrators of "
             "the team"},
            Scope::kFlagOnly, quota.quota, read_quota);
  define_json(*app, quota.json);
  define_connection(*app, quota.connection);
  app->footer("Examples:\n  adit pool quota Sales\n  adit pool quota Sales --max 50GB");

  app = group->add_subcommand("delete", "Delete a pool with all its tables and jobs");
  auto& remove = book.add<PoolDeleteOptions>(app);
  define_word(*app, "POOL", "Name or id of the pool", remove.pool);
  define_yes(*app, remove.yes);
  define_connection(*app, remove.connection);
  app->footer("Example:\n  adit pool delete Sales --yes");
}

namespace {

constexpr std::string_view kTablesConnection =
    "The data connection that the table belongs to; none for a global table";

CLI::App* define_change(CLI::App& group, CommandBook& book, TableAction action, const std::string& name,
                        const std::string& help) {
  CLI::App* app = group.add_subcommand(name, help);
  auto& options = book.add<TableChangeOptions>(app);
  options.action = action;
  define_word(*app, "TABLE", "Name of the table", options.table);
  define_pool_choice(*app, options.pool);
  define_connection_choice(*app, std::string(kTablesConnection), options.data_connection);
  if (action == TableAction::kDeleteRows) {
    add_text(*app, {"--where", "SQL", "", "Which rows: an expression over their columns"}, Scope::kFlagOnly,
             [&options](std::string text) { options.where = std::move(text); })
        ->required();
  }
  define_yes(*app, options.yes);
  define_connection(*app, options.connection);
  const std::string where = action == TableAction::kDeleteRows ? " --where \"CUSTOMER = 'K-17'\"" : "";
  app->footer("Waits for its turn among the jobs of the table.\n\nExample:\n  adit table " + name +
              " ORDERS --pool Sales" + where + " --yes");
  return app;
}

}  // namespace

void define_table(CLI::App& root, CommandBook& book) {
  CLI::App* group =
      root.add_subcommand("table", "List, show, export, truncate and drop tables, and delete rows of them");
  group->require_subcommand(1);
  group->footer("Examples:\n  adit table list --pool Sales\n  adit table show ORDERS --pool Sales");

  CLI::App* app = group->add_subcommand("list", "List the tables of a pool");
  auto& list = book.add<TableListOptions>(app);
  define_pool_choice(*app, list.pool);
  define_connection_choice(*app, "Only the tables of this data connection", list.data_connection);
  define_json(*app, list.json);
  define_connection(*app, list.connection);
  app->footer("Example:\n  adit table list --pool Sales");

  app = group->add_subcommand("show", "Show the columns of a table");
  auto& show = book.add<TableShowOptions>(app);
  define_word(*app, "TABLE", "Name of the table", show.table);
  define_pool_choice(*app, show.pool);
  define_connection_choice(*app, std::string(kTablesConnection), show.data_connection);
  define_json(*app, show.json);
  define_connection(*app, show.connection);
  app->footer("Example:\n  adit table show ORDERS --pool Sales");

  app = group->add_subcommand("export", "Write all rows of a table");
  auto& rows = book.add<TableExportOptions>(app);
  define_word(*app, "TABLE", "Name of the table", rows.table);
  define_pool_choice(*app, rows.pool);
  define_connection_choice(*app, std::string(kTablesConnection), rows.data_connection);
  define_format(
      *app, {{"csv", RowFormat::kCsv}, {"parquet", RowFormat::kParquet}, {"jsonl", RowFormat::kJsonLines}},
      rows.format);
  define_output(*app, rows.output);
  define_connection(*app, rows.connection);
  app->footer("Example:\n  adit table export ORDERS --pool Sales --format parquet -o orders.parquet");

  define_change(*group, book, TableAction::kTruncate, "truncate", "Remove all rows of a table");
  define_change(*group, book, TableAction::kDeleteRows, "delete-rows", "Remove the rows for which SQL holds");
  define_change(*group, book, TableAction::kDrop, "drop", "Remove a table");
}

}  // namespace adit
