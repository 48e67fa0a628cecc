#include "warehouse/duckdb/sql_gate.h"

#include <boost/json/parse.hpp>
#include <memory>
#include <optional>

#include "formats/names.h"
#include "warehouse/duckdb/engine_message.h"
#include "warehouse/duckdb/sql_bounds.h"
#include "warehouse/duckdb/sql_tree.h"

namespace adit {
namespace {

namespace json = boost::json;

// Two levels for each operator or call, one for each UNION.
constexpr std::size_t kTreeDepthMax = 800;

// __adit_ is kReservedPrefix.
constexpr const char* kShowTables =
    "SELECT name, nullif(s, 'main') AS connection FROM (SELECT table_name AS name, schema_name AS s FROM "
    "duckdb_tables() WHERE database_name = current_database() AND NOT internal UNION ALL "
    "SELECT view_name, schema_name FROM duckdb_views() WHERE database_name = current_database() AND NOT "
    "internal) WHERE s <> 'adit' AND NOT starts_with(lower(name), '__adit_') "
    "ORDER BY connection NULLS FIRST, name";

constexpr const char* kRelations =
    "SELECT table_name, NULL, current_database(), schema_name FROM duckdb_tables() WHERE database_name = "
    "current_database() AND schema_name <> 'adit' AND NOT internal UNION ALL "
    "SELECT view_name, sql, current_database(), schema_name FROM duckdb_views() WHERE database_name = "
    "current_database() AND schema_name <> 'adit' AND NOT internal";

Error only_queries() {
  return invalid(
      "Only queries are allowed: SELECT, WITH, VALUES, FROM, DESCRIBE, SUMMARIZE, SHOW TABLES and EXPLAIN of "
      "these. PIVOT needs "
      "its values named: PIVOT … ON column IN (…).");
}

/// How many statements the text holds; a syntax error as the engine words it.
Result<std::size_t> count_statements(Connection& connection, const std::string& sql) {
  duckdb_extracted_statements raw = nullptr;
  const auto count = duckdb_extract_statements(connection.get(), sql.c_str(), &raw);
  const auto destroy = [](duckdb_extracted_statements statements) { duckdb_destroy_extracted(&statements); };
  const std::unique_ptr<std::remove_pointer_t<duckdb_extracted_statements>, decltype(destroy)> extracted(raw);
  if (count > 0) return static_cast<std::size_t>(count);
  const char* message = raw == nullptr ? nullptr : duckdb_extract_statements_error(raw);
  if (message != nullptr) return invalid(clean_engine_message(message));
  return std::size_t{0};
}

Result<json::value> parse(Connection& connection, const std::string& sql) {
  auto statement = Statement::prepare(connection, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR");
  if (!statement) return to_error(statement.error());
  statement->bind_text(1, sql);
  auto rows = statement->execute(connection);
  if (!rows) return to_user_error(rows.error());
  const auto text = rows->text(0, 0);
  if (!text) return only_queries();

  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kTreeDepthMax;
  auto tree = json::parse(*text, error, json::storage_ptr(), options);
  if (error == json::error::too_deep) return invalid("The query is nested too deeply.");
  if (error) return invalid("The query holds a number out of range; write it in quotes and cast it.");
  const auto* failed = tree.is_object() ? tree.get_object().if_contains("error") : nullptr;
  if (failed == nullptr || !failed->is_bool()) return internal("json_serialize_sql() gave no tree");
  if (!failed->get_bool()) return tree;
  const auto* type = tree.get_object().if_contains("error_type");
  const auto* message = tree.get_object().if_contains("error_message");
  const bool other_statement = type != nullptr && *type == "not implemented";
  if (other_statement || message == nullptr || !message->is_string()) return only_queries();
  return invalid(clean_engine_message(message->get_string()));
}

/// The text after `CREATE VIEW name (columns) AS`. The engine writes that head itself and quotes every name
/// that is not plain, so the first AS outside quotes is the keyword.
std::string view_body(std::string_view create) {
  bool quoted = false;
  for (std::size_t i = 0; i < create.size(); ++i) {
    if (create[i] == '"') quoted = !quoted;
    if (!quoted && create.substr(i).starts_with(" AS ")) return std::string(create.substr(i + 4));
  }
  return {};
}

Result<PoolNames> pool_names(Connection& connection) {
  auto rows = try_run(connection, kRelations);
  if (!rows) return to_error(rows.error(), kRelations);
  PoolNames names;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    names.catalog = rows->text(row, 2).value_or("");
    PoolNames::Relation relation;
    if (const auto create = rows->text(row, 1)) {
      relation.view_body = view_body(*create);
      // A view whose text can't be read is none that a query may use.
      if (relation.view_body.empty()) continue;
    }
    names.relations[relation_key(rows->text(row, 3).value_or(""), rows->text(row, 0).value_or(""))] =
        std::move(relation);
  }
  return names;
}

/// The position after blanks and comments. Comments inside comments end too early here, and what follows is
/// then refused.
std::size_t skip_blanks(std::string_view sql) {
  std::size_t at = 0;
  while (at < sql.size()) {
    if (sql.substr(at).starts_with("--")) {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (sql.substr(at).starts_with("/*")) {
      const auto end = sql.find("*/", at + 2);
      at = end == std::string_view::npos ? sql.size() : end + 2;
    } else if (std::string_view(" \t\r\n\f\v").find(sql[at]) != std::string_view::npos) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

/// What stands behind EXPLAIN, if the text begins with it.
std::optional<std::string_view> explained(std::string_view sql) {
  constexpr std::string_view kExplain = "explain";
  const auto begin = sql.substr(skip_blanks(sql));
  if (begin.size() <= kExplain.size() || engine_lower(begin.substr(0, kExplain.size())) != kExplain)
    return std::nullopt;
  const auto rest = begin.substr(kExplain.size());
  if (skip_blanks(rest) == 0 && rest[0] != '(') return std::nullopt;
  return rest;
}

bool is_show_tables(const json::value& tree) {
  boost::system::error_code error;
  const auto* from = tree.find_pointer("/statements/0/node/from_table", error);
  if (from == nullptr || !from->is_object()) return false;
  const auto* type = from->get_object().if_contains("type");
  const auto* name = from->get_object().if_contains("table_name");
  return type != nullptr && *type == "SHOW_REF" && name != nullptr && *name == "\"tables\"";
}

}  // namespace

Result<json::value> parse_query(Connection& connection, const std::string& sql) {
  ADIT_TRY(const auto count, count_statements(connection, sql));
  if (count == 0) return invalid("There is no statement in the query.");
  ADIT_TRY(auto tree, parse(connection, sql));
  if (count > 1)
    return invalid("A query is exactly one statement; this text holds " + std::to_string(count) + ".");
  return tree;
}

Result<void> check_query_length(std::string_view sql) {
  if (sql.size() <= kQuerySqlBytesMax) return {};
  return invalid("The query is longer than " + std::to_string(kQuerySqlBytesMax) + " bytes.");
}

Result<GatedQuery> gate_query(Connection& connection, std::string_view sql) {
  ADIT_CHECK(check_query_length(sql));
  if (sql.find('\0') != std::string_view::npos) return invalid("The query holds a NUL character.");
  if (!is_utf8(sql)) return invalid("The query is not UTF-8.");

  ADIT_CHECK(check_parse_size(sql));

  const auto behind_explain = explained(sql);
  const std::string query(behind_explain.value_or(sql));
  ADIT_TRY(const auto tree, parse_query(connection, query));
  if (!behind_explain && is_show_tables(tree)) return GatedQuery{kShowTables, QueryKind::kOther};

  ADIT_TRY(const auto names, pool_names(connection));
  ADIT_CHECK(SqlTree(names, [&](const std::string& text) { return parse(connection, text); }).check(tree));
  if (behind_explain) return GatedQuery{"EXPLAIN " + query, QueryKind::kOther};
  return GatedQuery{query, QueryKind::kSelect};
}

}  // namespace adit
