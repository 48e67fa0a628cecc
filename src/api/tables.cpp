// Tables of a pool and their columns, as clients list them.
#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "api/endpoint.h"
#include "api/query_parameters.h"
#include "formats/names.h"
#include "push/target_schema.h"

namespace adit {
namespace {

namespace json = boost::json;
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
    // What a repair has brought back of a connection that is gone has no name to clients.
    if (source == nullptr && !table.schema.empty()) continue;
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

Result<Response> list_columns(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  const auto table = request.query_value("tableName").value_or("");
  if (table.empty()) return invalid_field("tableName", "is required in the query of the URL");
  ADIT_TRY(const auto source, schema_parameter(services, request, pool.id));
  const TableName name{source ? source->name : "", std::string(table)};
  ADIT_TRY(const auto columns, services.warehouse.columns(pool.id, name));
  return Response::json(200, json::serialize(columns_json(columns)));
}

}  // namespace

void add_table_endpoints(EndpointTable& table) {
  for (const std::string pools : {"/integration/api/pools", "/adit/api/v1/pools"}) {
    const auto pool = pools + "/{poolId}";
    table.add({"listTables", Method::kGet, pool + "/tables", Needs::kViewPool}, list_tables);
    table.add({"listColumns", Method::kGet, pool + "/columns", Needs::kViewPool}, list_columns);
  }
}

}  // namespace adit
