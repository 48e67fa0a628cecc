#include "warehouse/duckdb/table_columns.h"

#include <algorithm>

#include "formats/names.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {

Tried<std::vector<ColumnInfo>> columns_of(Connection& connection, const std::string& from) {
  auto statement = Statement::prepare(connection, "SELECT * FROM " + from);
  if (!statement) return std::unexpected(statement.error());
  std::vector<ColumnInfo> columns(duckdb_prepared_statement_column_count(statement->get()));
  for (idx_t i = 0; i < columns.size(); ++i) {
    const char* name = duckdb_prepared_statement_column_name(statement->get(), i);
    columns[i].name = name == nullptr ? "" : name;
    duckdb_free(const_cast<char*>(name));
    auto type = duckdb_prepared_statement_column_logical_type(statement->get(), i);
    columns[i].type = type_name(type);
    duckdb_destroy_logical_type(&type);
  }
  return columns;
}

Result<std::optional<std::vector<ColumnInfo>>> table_columns(Connection& connection, const TableName& table) {
  auto columns = columns_of(connection, quote_table(table));
  if (columns) return std::optional(std::move(*columns));
  if (columns.error().message.starts_with("Catalog Error")) return std::optional<std::vector<ColumnInfo>>();
  return to_error(columns.error());
}

const ColumnInfo* find_column(const std::vector<ColumnInfo>& columns, const std::string& name) {
  const auto folded = fold_name(name);
  const auto found =
      std::ranges::find_if(columns, [&](const auto& column) { return fold_name(column.name) == folded; });
  return found == columns.end() ? nullptr : &*found;
}

}  // namespace adit
