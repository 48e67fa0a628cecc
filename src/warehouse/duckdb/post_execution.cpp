#include "warehouse/duckdb/post_execution.h"

#include <optional>
#include <set>
#include <utility>

#include "formats/column_types.h"
#include "formats/names.h"
#include "warehouse/duckdb/declared_lengths.h"
#include "warehouse/duckdb/engine_message.h"
#include "warehouse/duckdb/sql_gate.h"
#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/table_columns.h"
#include "warehouse/duckdb/table_statement.h"
#include "warehouse/duckdb/upsert.h"

namespace adit {
namespace {

/// The user's fault says which of his texts it is about.
Error of_statement(Error error) {
  if (error.kind == ErrorKind::kInvalid) {
    error.public_message =
        "The postExecutionQuery failed, and the job changed nothing: " + error.public_message;
  }
  return error;
}

/// The table's first spelling, if there is one of that name; kInvalid for a view.
Result<std::optional<TableName>> find_table(const OpenPool& pool, const TableName& name,
                                            const std::vector<TableName>& landed) {
  const auto key = fold_table(name);
  for (const auto& table : landed) {
    if (fold_table(table) == key) return std::optional(table);
  }
  const auto known = pool.table(name);
  if (!known) return std::optional<TableName>();
  if (known->view) return invalid("\"" + known->name.name + "\" is a view.");
  return std::optional(known->name);
}

std::string create_head(const TableStatement& statement, const std::string& target) {
  return std::string(statement.or_replace ? "CREATE OR REPLACE TABLE " : "CREATE TABLE ") + target + " AS ";
}

std::string insert_head(const TableStatement& statement, const std::string& target) {
  const auto columns = statement.columns.empty() ? "" : " (" + quoted_list(statement.columns) + ")";
  return "INSERT INTO " + target + columns + " ";
}

/// The statement as it may run, with every part of the user's text behind the gate.
Result<std::string> gated_statement(Connection& connection, const TableStatement& statement,
                                    const TableName& table) {
  const auto target = quote_table(table);
  switch (statement.kind) {
    case StatementKind::kCreateTableAs: {
      ADIT_TRY(const auto query, gate_query(connection, statement.rest));
      return create_head(statement, target) + query.sql;
    }
    case StatementKind::kInsert: {
      ADIT_TRY(const auto query, gate_query(connection, statement.rest));
      return insert_head(statement, target) + query.sql;
    }
    // The text that runs is the text that the gate has read, behind another head. As a query over the same
    // table the assignments are comparisons: `a = f(b)`. What both forms can hold is less than either.
    case StatementKind::kUpdate: {
      ADIT_CHECK(gate_query(connection, "FROM " + target + " SELECT " + statement.rest));
      return "UPDATE " + target + " SET " + statement.rest;
    }
    case StatementKind::kDelete: {
      ADIT_CHECK(gate_query(connection, "FROM " + target + " SELECT 1 " + statement.rest));
      return "DELETE FROM " + target + " " + statement.rest;
    }
  }
  std::unreachable();
}

duckdb_statement_type expected_type(StatementKind kind) {
  switch (kind) {
    case StatementKind::kCreateTableAs:
      return DUCKDB_STATEMENT_TYPE_CREATE;
    case StatementKind::kInsert:
      return DUCKDB_STATEMENT_TYPE_INSERT;
    case StatementKind::kUpdate:
      return DUCKDB_STATEMENT_TYPE_UPDATE;
    case StatementKind::kDelete:
      return DUCKDB_STATEMENT_TYPE_DELETE;
  }
  std::unreachable();
}

bool is_nested(const std::string& type) {
  return type == "STRUCT" || type == "LIST" || type == "ARRAY" || type == "MAP" || type == "UNION";
}

/// Gives a column the type in which pushes store such values: later ones would not fit into INTEGER.
Result<void> settle_type(Connection& connection, const TableName& table, const ColumnInfo& column) {
  const auto type = sql_name(natural_type(column.type));
  if (type == column.type) return {};
  const auto name = quote_identifier(column.name);
  const auto value = is_nested(column.type) ? "to_json(" + name + ")" : name;
  const auto altered =
      try_run(connection, "ALTER TABLE " + quote_table(table) + " ALTER COLUMN " + name + " TYPE " + type +
                              " USING CAST(" + value + " AS " + type + ")");
  return altered ? Result<void>() : to_user_error(altered.error());
}

/// A table made by SQL must be one that jobs can go on with.
Result<void> settle_new_columns(Connection& connection, const TableName& table) {
  ADIT_TRY(const auto columns, table_columns(connection, table));
  if (!columns) return internal("a table that was made is not there");
  std::set<std::string> seen;
  for (const auto& column : *columns) {
    ADIT_CHECK(check_column_name(column.name, "A column of the new table"));
    if (!seen.insert(fold_name(column.name)).second) {
      return invalid("The new table has the column \"" + column.name +
                     "\" twice; names are the same in upper and lower case.");
    }
    ADIT_CHECK(settle_type(connection, table, column));
  }
  return {};
}

Result<std::optional<TableName>> run_statement(OpenPool& pool, Connection& connection, const JobSpec& spec,
                                               const std::vector<TableName>& landed) {
  ADIT_TRY(auto statement, parse_table_statement(*spec.post_execution_query, spec.schema));
  if (!statement.table.schema.empty()) statement.table.schema = landed.front().schema;
  ADIT_TRY(const auto known, find_table(pool, statement.table, landed));
  const bool creates = statement.kind == StatementKind::kCreateTableAs;
  if (creates && known && statement.if_not_exists) return std::optional<TableName>();
  if (creates && known && !statement.or_replace) {
    return invalid("There is already a table \"" + known->name + "\"; CREATE OR REPLACE TABLE replaces it.");
  }
  if (!creates && !known) return invalid("There is no table \"" + statement.table.name + "\" in this pool.");
  const auto table = known.value_or(statement.table);
  ADIT_TRY(const auto gated, gated_statement(connection, statement, table));
  auto prepared = Statement::prepare(connection, gated);
  if (!prepared) return to_user_error(prepared.error());
  if (duckdb_prepared_statement_type(prepared->get()) != expected_type(statement.kind)) {
    return internal("the gate let a statement pass that is none of its kind");
  }
  const auto done = prepared->execute(connection);
  if (!done) return to_user_error(done.error());
  if (!creates) return std::optional<TableName>();
  ADIT_CHECK(settle_new_columns(connection, table));
  ADIT_CHECK(forget_declared_lengths(connection, table));
  return std::optional(table);
}

}  // namespace

Result<std::optional<TableName>> run_post_execution(OpenPool& pool, Connection& connection,
                                                    Activity& activity, const JobSpec& spec,
                                                    const std::vector<TableName>& landed) {
  ADIT_CHECK(activity.check());
  auto changed = run_statement(pool, connection, spec, landed);
  if (!changed) return of_statement(std::move(changed).error());
  return changed;
}

}  // namespace adit
