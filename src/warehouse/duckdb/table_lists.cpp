#include "warehouse/duckdb/table_lists.h"

#include <algorithm>
#include <map>
#include <utility>

#include "formats/names.h"

namespace adit {
namespace {

constexpr const char* kTables =
    "SELECT CASE schema_name WHEN 'main' THEN '' ELSE schema_name END AS s, table_name AS n, false, "
    "estimated_size FROM duckdb_tables() WHERE NOT internal AND schema_name <> 'adit' AND database_name = "
    "current_database() UNION ALL "
    "SELECT CASE schema_name WHEN 'main' THEN '' ELSE schema_name END, view_name, true, 0 FROM "
    "duckdb_views() "
    "WHERE NOT internal AND schema_name <> 'adit' AND database_name = current_database() ORDER BY s, n";

constexpr const char* kColumns =
    "SELECT CASE c.schema_name WHEN 'main' THEN '' ELSE c.schema_name END, c.table_name, c.column_name, "
    "c.data_type, d.length FROM duckdb_columns() c LEFT JOIN adit.declared_lengths d ON d.schema_name = "
    "c.schema_name AND d.table_name = c.table_name AND d.column_name = c.column_name AND c.data_type = "
    "'VARCHAR' "
    "WHERE NOT c.internal AND c.schema_name <> 'adit' AND c.database_name = current_database() "
    "ORDER BY c.schema_name, c.table_name, c.column_index";

}  // namespace

Result<std::vector<TableInfo>> list_tables(Connection& connection) {
  ADIT_TRY(const auto rows, run(connection, kTables));
  std::vector<TableInfo> tables;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    TableInfo table;
    table.schema = rows.text(row, 0).value_or("");
    table.name = rows.text(row, 1).value_or("");
    table.view = rows.boolean(row, 2).value_or(false);
    table.rows_estimated = static_cast<std::uint64_t>(rows.integer(row, 3).value_or(0));
    if (is_reserved_name(table.name)) continue;
    places[{table.schema, table.name}] = tables.size();
    tables.push_back(std::move(table));
  }
  ADIT_TRY(const auto columns, run(connection, kColumns));
  for (std::size_t row = 0; row < columns.size(); ++row) {
    const auto place = places.find({columns.text(row, 0).value_or(""), columns.text(row, 1).value_or("")});
    ColumnInfo column{columns.text(row, 2).value_or(""), columns.text(row, 3).value_or(""),
                      columns.integer(row, 4)};
    if (place == places.end() || is_reserved_name(column.name)) continue;
    tables[place->second].columns.push_back(std::move(column));
  }
  return tables;
}

Result<std::optional<std::vector<ColumnInfo>>> list_columns(Connection& connection, const TableName& table) {
  ADIT_TRY(auto tables, list_tables(connection));
  const auto found = std::ranges::find_if(tables, [&, key = fold_table(table)](const auto& known) {
    return fold_table({known.schema, known.name}) == key;
  });
  if (found == tables.end()) return std::optional<std::vector<ColumnInfo>>();
  return std::optional(std::move(found->columns));
}

}  // namespace adit
