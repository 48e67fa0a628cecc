#include "warehouse/duckdb/declared_lengths.h"

#include "formats/names.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

/// As the engine calls it.
std::string schema_literal(const TableName& table) {
  return quote_literal(table.schema.empty() ? "main" : table.schema);
}

std::string rows_of(const TableName& table) {
  return "FROM adit.declared_lengths WHERE schema_name = " + schema_literal(table) +
         " AND table_name = " + quote_literal(table.name);
}

bool names_column(const JobSpec& spec, const std::string& column) {
  if (!spec.table_schema) return false;
  for (const auto& declared : spec.table_schema->columns) {
    if (declared.field_length && fold_name(declared.name) == fold_name(column)) return true;
  }
  return false;
}

}  // namespace

std::optional<std::int64_t> declared_length(const JobSpec& spec, const std::string& column) {
  if (spec.table_schema) {
    for (const auto& declared : spec.table_schema->columns) {
      if (declared.field_length && fold_name(declared.name) == fold_name(column))
        return declared.field_length;
    }
  }
  return spec.fallback_varchar_length;
}

Result<void> forget_declared_lengths(Connection& connection, const TableName& table) {
  ADIT_CHECK(run(connection, "DELETE " + rows_of(table)));
  return {};
}

Result<bool> has_declared_lengths(Connection& connection) {
  ADIT_TRY(const auto rows, run(connection, "SELECT EXISTS (FROM adit.declared_lengths)"));
  return rows.boolean(0, 0) == true;
}

Result<bool> remember_declared_lengths(Connection& connection, const JobSpec& spec, const TableName& table,
                                       const std::vector<StagedColumn>& columns, bool replaced,
                                       bool any_before) {
  if (replaced && any_before) ADIT_CHECK(forget_declared_lengths(connection, table));
  bool any = any_before;
  for (const auto& column : columns) {
    if (column.type.kind != TypeKind::kString && !column.undecided) continue;
    const auto length = declared_length(spec, column.name);
    if (!length) continue;
    const auto where = rows_of(table) + " AND column_name = " + quote_literal(column.name);
    // The general length is for columns of which nothing was said; one that is named is said anew.
    if (!replaced && any_before) {
      if (names_column(spec, column.name)) {
        ADIT_CHECK(run(connection, "DELETE " + where));
      } else {
        ADIT_TRY(const auto known, run(connection, "SELECT count(*) " + where));
        if (known.integer(0, 0).value_or(0) > 0) continue;
      }
    }
    ADIT_CHECK(run(connection, "INSERT INTO adit.declared_lengths VALUES (" + schema_literal(table) + ", " +
                                   quote_literal(table.name) + ", " + quote_literal(column.name) + ", " +
                                   std::to_string(*length) + ")"));
    any = true;
  }
  return any;
}

}  // namespace adit
