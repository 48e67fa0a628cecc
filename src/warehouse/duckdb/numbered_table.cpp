#include "warehouse/duckdb/numbered_table.h"

#include <algorithm>

#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/sql_tree.h"
#include "warehouse/duckdb/table_columns.h"

namespace adit {
namespace {

// Both begin with kReservedPrefix: no column of a client is called so.
constexpr const char* kNumber = "__adit_number";
constexpr const char* kHidingColumn = "__adit_rowid";

bool hides_number(const std::string& name) { return engine_lower(name) == "rowid"; }

}  // namespace

Result<NumberedTable> number_rows(Connection& connection, const std::string& table,
                                  const std::vector<std::string>& names) {
  if (std::ranges::none_of(names, hides_number)) return NumberedTable{.from = table};
  const auto columns = columns_of(connection, table);
  if (!columns) return to_error(columns.error());
  const auto hiding =
      std::ranges::find_if(*columns, [](const auto& column) { return hides_number(column.name); });
  if (hiding == columns->end()) return NumberedTable{.from = table};
  // Under an alias with names for its columns, the table has no "rowid" of its own any more, and the engine's
  // comes to light. Plans are the same as without.
  std::string aliases;
  for (auto column = columns->begin(); column <= hiding; ++column) {
    aliases += aliases.empty() ? "" : ", ";
    aliases += quote_identifier(column == hiding ? kHidingColumn : column->name);
  }
  return NumberedTable{.from = "(SELECT * RENAME (" + std::string(kHidingColumn) + " AS " +
                               quote_identifier(hiding->name) + "), rowid AS " + kNumber + " FROM " + table +
                               " AS t (" + aliases + "))",
                       .number = kNumber,
                       .all_columns = "* EXCLUDE (" + std::string(kNumber) + ")"};
}

}  // namespace adit
