// Tables of a pool and their columns, as clients list them.
#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "api/data_sources.h"
#include "api/endpoint.h"
#include "formats/names.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

/// A string's length is listed in bytes of which a character may take four.
constexpr std::int64_t kBytesPerCharacter = 4;
/// What is listed where no length was declared and any string fits: the most that a VARCHAR of the original
/// holds.
constexpr std::int64_t kUndeclaredLength = 65'000;

/// The four words that column listings know.
std::string_view listed_type(std::string_view engine_type) {
  if (engine_type == "BIGINT" || engine_type == "BOOLEAN") return "INTEGER";
  if (engine_type == "DOUBLE" || engine_type.starts_with("DECIMAL")) return "FLOAT";
  if (engine_type == "DATE" || engine_type.starts_with("TIMESTAMP")) return "DATE";
  return "STRING";
}

json::object column_json(const ColumnInfo& column) {
  const auto type = listed_type(column.type);
  json::value length = nullptr;
  if (type == "STRING") {
    length = column.declared_length ? *column.declared_length * kBytesPerCharacter
                                    : json::value(kUndeclaredLength);
  }
  return json::object{
      {"name", column.name}, {"length", std::move(length)}, {"type", type}, {"storedAs", column.type}};
}

json::array columns_json(const std::vector<ColumnInfo>& columns) {
  json::array list;
  for (const auto& column : columns) list.push_back(column_json(column));
  return list;
}

const DataSource* source_of(const std::vector<DataSource>& sources, const std::string& schema) {
  if (schema.empty()) return nullptr;
  const auto found = std::ranges::find_if(
      sources, [&](const auto& source) { return fold_name(source.name) == fold_name(schema); });
  return found == sources.end() ? nullptr : &*found;
}

Result<Response> list_tables(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto sources, services.catalog.list_data_sources(pool.id));
  ADIT_TRY(const auto tables, services.warehouse.tables(pool.id));
  json::array body;
  for (const auto& table : tables) {
    const auto* source = source_of(sources, table.schema);
    json::object entry{{"name", table.name},
                       {"loaderSource", nullptr},
                       {"available", true},
                       {"dataSourceId", nullptr},
                       {"dataSourceName", nullptr},
                       {"columns", columns_json(table.columns)},
                       {"type", table.view ? "VIEW" : "TABLE"},
                       {"schemaName", schema_name(pool.id, source)},
                       {"rowsEstimated", table.rows_estimated}};
    if (source != nullptr) {
      entry["dataSourceId"] = source->id.to_string();
      entry["dataSourceName"] = source->name;
    }
    body.push_back(std::move(entry));
  }
  return Response::json(200, json::serialize(body));
}

/// The engine's schema that `schemaName` means: clients send the connection's id, nothing for a global table,
/// or what the list of tables calls the schema.
Result<std::string> schema_parameter(const Services& services, const Request& request, PoolId pool) {
  auto text = request.query_value("schemaName").value_or("");
  const auto pool_text = pool.to_string();
  if (text.empty() || text == pool_text) return std::string();
  if (text.starts_with(pool_text + "_")) text.remove_prefix(pool_text.size() + 1);
  const auto id = DataSourceId::parse(text);
  if (!id) {
    return invalid_field("schemaName", "must be the id of a data connection, or absent for a global table");
  }
  ADIT_TRY(const auto source, services.catalog.find_data_source(pool, *id));
  if (!source) return not_found("There is no data connection " + id->to_string() + " in this data pool.");
  return source->name;
}

Result<Response> list_columns(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  const auto table = request.query_value("tableName").value_or("");
  if (table.empty()) return invalid_field("tableName", "is required in the query of the URL");
  ADIT_TRY(const auto schema, schema_parameter(services, request, pool.id));
  ADIT_TRY(const auto columns, services.warehouse.columns(pool.id, std::string(table), schema));
  return Response::json(200, json::serialize(columns_json(columns)));
}

}  // namespace

void add_table_endpoints(const Services& services, std::vector<Endpoint>& table) {
  const auto with = [&services](auto function) {
    return [services, function](const Request& request) { return function(services, request); };
  };
  for (const std::string pools : {"/integration/api/pools", "/adit/api/v1/pools"}) {
    const auto pool = pools + "/{poolId}";
    table.push_back(
        {Method::kGet, pool + "/tables", Needs::kViewPool, BodyKind::kNone, with(list_tables), {}});
    table.push_back(
        {Method::kGet, pool + "/columns", Needs::kViewPool, BodyKind::kNone, with(list_columns), {}});
  }
}

}  // namespace adit
