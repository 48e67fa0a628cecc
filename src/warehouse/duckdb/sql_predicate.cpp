#include "warehouse/duckdb/sql_predicate.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>

#include "formats/names.h"
#include "warehouse/duckdb/engine_message.h"
#include "warehouse/duckdb/sql_gate.h"
#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/sql_tree.h"
#include "warehouse/duckdb/table_columns.h"

namespace adit {
namespace {

namespace json = boost::json;

/// Names that mean a function of the moment, or the place of a row, where no column has them.
constexpr std::array<std::string_view, 12> kMoments{"current_catalog", "current_date", "current_role",
                                                    "current_schema",  "current_time", "current_timestamp",
                                                    "current_user",    "localtime",    "localtimestamp",
                                                    "session_user",    "user",         "rowid"};

/// What an expression calls and names.
struct Names {
  std::set<std::string> functions;
  std::set<std::string> columns;
  bool has_subquery = false;
};

std::string lower_text(const json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? engine_lower(value->get_string()) : std::string();
}

/// The tree's depth is bounded by its parser.
void collect(const json::value& value, Names& names) {
  if (const auto* list = value.if_array()) {
    for (const auto& element : *list) collect(element, names);
    return;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return;
  const auto kind = lower_text(*object, "class");
  if (kind == "subquery") names.has_subquery = true;
  if (kind == "function" || kind == "window") names.functions.insert(lower_text(*object, "function_name"));
  if (kind == "column_ref") {
    const auto* path = object->if_contains("column_names");
    if (path != nullptr && path->is_array() && !path->get_array().empty() &&
        path->get_array().back().is_string()) {
      names.columns.insert(engine_lower(path->get_array().back().get_string()));
    }
  }
  for (const auto& member : *object) collect(member.value(), names);
}

/// The parts of `SELECT … FROM table WHERE …`: the condition, and all the rest.
Result<json::value> take_condition(json::value& tree) {
  auto* statements = tree.is_object() ? tree.get_object().if_contains("statements") : nullptr;
  if (statements == nullptr || !statements->is_array() || statements->get_array().size() != 1)
    return internal("a predicate's statement has no tree");
  auto* node = statements->get_array()[0].is_object()
                   ? statements->get_array()[0].get_object().if_contains("node")
                   : nullptr;
  auto* condition =
      node != nullptr && node->is_object() ? node->get_object().if_contains("where_clause") : nullptr;
  // A text that closes the parentheses and goes on with UNION makes another kind of node.
  if (condition == nullptr) return json::value();
  auto taken = std::move(*condition);
  *condition = nullptr;
  return taken;
}

Error no_expression() {
  return invalid(
      "The predicate must be one SQL expression over the columns of a row, as it stands behind WHERE: "
      "customer_id = 'C-17' AND created < DATE '2024-01-01'.");
}

/// Functions whose answer is not the same each time, by the engine's own word; macros that call one; and
/// age(), which with one argument looks at the clock although the engine calls it consistent.
Result<void> check_functions(Connection& connection, const std::set<std::string>& functions) {
  std::string list;
  for (const auto& name : functions) list += (list.empty() ? "" : ", ") + quote_literal(name);
  if (list.empty()) return {};
  ADIT_TRY(
      const auto rows,
      run(connection,
          "SELECT function_name FROM duckdb_functions() WHERE lower(function_name) IN (" + list +
              ") AND (stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY') OR lower(function_name) = 'age' "
              "OR "
              "regexp_matches(coalesce(macro_definition, ''), 'current_|now\\(|random|today')) LIMIT 1"));
  if (rows.size() == 0) return {};
  return invalid(
      "The function \"" + rows.text(0, 0).value_or("") +
      "\" gives another value each time; a deletion must always mean the same rows. Write the value "
      "itself, for example TIMESTAMP '2024-01-31 00:00:00'.");
}

Result<void> check_columns(Connection& connection, const TableName& table,
                           const std::set<std::string>& columns) {
  ADIT_TRY(const auto known, table_columns(connection, table));
  for (const auto& name : columns) {
    if (std::ranges::find(kMoments, name) == kMoments.end()) continue;
    const bool is_column = known && std::ranges::any_of(*known, [&](const auto& column) {
                             return engine_lower(column.name) == name;
                           });
    if (is_column) continue;
    return invalid(
        "\"" + name +
        "\" is not the same each time it is asked; a deletion must always mean the same rows. Write "
        "the value itself.");
  }
  return {};
}

/// The type of the one column of a SELECT, without running it.
Result<duckdb_type> type_of(Connection& connection, const std::string& select) {
  const auto statement = Statement::prepare(connection, select);
  if (!statement) return to_user_error(statement.error());
  return duckdb_prepared_statement_column_type(statement->get(), 0);
}

}  // namespace

Result<void> gate_predicate(Connection& connection, const TableName& table, std::string_view predicate) {
  if (predicate.size() > kPredicateBytesMax) {
    return invalid("The predicate is longer than " + std::to_string(kPredicateBytesMax) + " bytes.");
  }
  const auto select = "SELECT 1 FROM " + quote_table(table) + " WHERE (\n";
  const auto sql = select + std::string(predicate) + "\n)";
  ADIT_TRY(const auto gated, gate_query(connection, sql));
  if (gated.kind != QueryKind::kSelect) return no_expression();
  ADIT_TRY(auto tree, parse_query(connection, sql));
  ADIT_TRY(auto reference, parse_query(connection, select + "true\n)"));
  ADIT_TRY(const auto condition, take_condition(tree));
  ADIT_TRY(const auto nothing, take_condition(reference));
  if (tree != reference || condition.is_null() || nothing.is_null()) return no_expression();

  Names names;
  collect(condition, names);
  if (names.has_subquery) {
    return invalid("The predicate must not hold a subquery: it looks at one row at a time.");
  }
  ADIT_CHECK(check_functions(connection, names.functions));
  ADIT_CHECK(check_columns(connection, table, names.columns));
  const auto bound = Statement::prepare(connection, sql);
  if (!bound) return to_user_error(bound.error());
  // As a condition the engine takes more than that: lists of expressions, for one.
  ADIT_TRY(const auto type,
           type_of(connection, "SELECT (\n" + std::string(predicate) + "\n) FROM " + quote_table(table)));
  return type == DUCKDB_TYPE_BOOLEAN ? Result<void>() : no_expression();
}

}  // namespace adit
