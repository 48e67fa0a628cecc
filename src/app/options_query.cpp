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
  add_value(*app,
            {"--limit", "N", "",
             "Rows to return at most; otherwise 1000 of table and json, and all of csv and parquet"},
            Scope::kFlagOnly, options.limit, [](std::string_view text) { return parse_count(text, 1); });
  add_value(*app, {"--timeout-ms", "MS", std::to_string(options.timeout.count()), "Time the query may take"},
            Scope::kFlagOnly, options.timeout,
            [](std::string_view text) { return parse_count(text, 1, 86'400'000); });
  define_format(*app,
                {{"table", RowFormat::kTable},
                 {"csv", RowFormat::kCsv},
                 {"json", RowFormat::kJson},
                 {"parquet", RowFormat::kParquet}},
                options.format);
  define_output(*app, options.output);
  define_connection(*app, options.connection);
  app->footer(
      "Examples:\n"
      "  adit query --pool Sales 'SELECT count(*) FROM ORDERS'\n"
      "  adit query --pool Sales --format csv - < report.sql > report.csv\n"
      "  adit query --pool Sales --format parquet -o orders.parquet 'SELECT * FROM ORDERS'");
}

}  // namespace adit
