// The options of `adit query`.
#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"

namespace adit {

void define_query(CLI::App& root, CommandBook& book) {
  CLI::App* app = root.add_subcommand("query", "Read the tables of a pool with SQL");
  auto& options = book.add<QueryOptions>(app);
  define_word(*app, "SQL", "One SELECT; - reads it from standard input", options.sql);
  define_pool_choice(*app, options.pool);
  add_value(*app, {"--limit", "N", std::to_string(options.limit), "Rows to return at most"}, Scope::kFlagOnly,
            options.limit, [](std::string_view text) { return parse_count(text, 1); });
  add_value(*app, {"--timeout-ms", "MS", std::to_string(options.timeout.count()), "Time the query may take"},
            Scope::kFlagOnly, options.timeout,
            [](std::string_view text) { return parse_count(text, 1, 86'400'000); });
  add_value(*app, {"--format", "table|csv|json", "table", "How to print the rows"}, Scope::kFlagOnly,
            options.format, [](std::string_view text) -> Result<TableFormat> {
              if (text == "table") return TableFormat::kTable;
              if (text == "csv") return TableFormat::kCsv;
              if (text == "json") return TableFormat::kJson;
              return invalid("`" + std::string(text) + "` is none of table, csv, json");
            });
  define_connection(*app, options.connection);
  app->footer(
      "Examples:\n"
      "  adit query --pool Sales 'SELECT count(*) FROM ORDERS'\n"
      "  adit query --pool Sales --format csv --limit 1000000 - < report.sql > report.csv");
}

}  // namespace adit
