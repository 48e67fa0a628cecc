// Data pools and their tables.
#include <boost/json.hpp>
#include <utility>

#include "api/endpoint.h"
#include "model/json_fields.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

constexpr std::size_t kNameBytesMax = 255;

json::object pool_json(const Pool& pool) {
  return json::object{
      {"id", pool.id.to_string()},
      {"name", pool.name},
      {"description", pool.description},
      {"permissions", json::array{"MANAGE_DATA_POOL", "EDIT_DATA_POOL", "VIEW_DATA_POOL", "DATA_PUSH_API"}},
      {"timeStamp", to_epoch_ms(pool.created)},
      {"createdAt", to_epoch_ms(pool.created)},
      {"configurationStatus", "NEW"},
      {"locked", false},
      {"tags", json::array()},
      {"creatorUserId", pool.creator.to_string()}};
}

/// The four words that column listings know.
std::string_view listed_type(std::string_view engine_type) {
  if (engine_type == "BIGINT" || engine_type == "BOOLEAN") return "INTEGER";
  if (engine_type == "DOUBLE" || engine_type.starts_with("DECIMAL")) return "FLOAT";
  if (engine_type == "DATE" || engine_type.starts_with("TIMESTAMP")) return "DATE";
  return "STRING";
}

Result<Response> list_pools(const Services& services, const Request& request) {
  ADIT_TRY(const auto pools, services.catalog.list_pools(caller(request).team));
  json::array body;
  for (const auto& pool : pools) body.push_back(pool_json(pool));
  return Response::json(200, json::serialize(body));
}

Result<Response> get_pool(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  return Response::json(200, json::serialize(pool_json(pool)));
}

Result<Response> create_pool(const Services& services, const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  Pool pool;
  const auto name = reader.string("name");
  if (!name && errors.empty()) reader.fail("name", "is required");
  if (name && (name->empty() || name->size() > kNameBytesMax || name->find('\0') != std::string::npos)) {
    reader.fail("name", "must be 1 to 255 bytes of text without NUL");
  }
  pool.description = reader.string("description").value_or("");
  pool.id = PoolId::random();
  if (const auto id = reader.string("id")) {
    const auto given = PoolId::parse(*id);
    if (!given) reader.fail("id", "must be a UUID");
    pool.id = given.value_or(pool.id);
  }
  if (!errors.empty()) return invalid_fields(std::move(errors));
  pool.name = *name;
  pool.team = caller(request).team;
  pool.creator = caller(request).user;
  pool.created = services.clock.now();
  ADIT_CHECK(services.catalog.insert_pool(pool));
  return Response::json(200, json::serialize(pool_json(pool)));
}

Result<Response> list_tables(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto tables, services.warehouse.tables(pool.id));
  json::array body;
  for (const auto& table : tables) {
    ADIT_TRY(const auto columns, services.warehouse.columns(pool.id, table.name));
    json::array listed;
    for (const auto& column : columns) {
      listed.push_back(
          json::object{{"name", column.name}, {"type", listed_type(column.type)}, {"storedAs", column.type}});
    }
    body.push_back(json::object{{"name", table.name},
                                {"loaderSource", nullptr},
                                {"available", true},
                                {"dataSourceId", nullptr},
                                {"dataSourceName", nullptr},
                                {"columns", std::move(listed)},
                                {"type", table.view ? "VIEW" : "TABLE"},
                                {"schemaName", pool.id.to_string()},
                                {"rowsEstimated", table.rows_estimated}});
  }
  return Response::json(200, json::serialize(body));
}

}  // namespace

void add_pool_endpoints(const Services& services, std::vector<Endpoint>& table) {
  const auto with = [&services](auto function) {
    return [services, function](const Request& request) { return function(services, request); };
  };
  for (const std::string pools : {"/integration/api/pools", "/adit/api/v1/pools"}) {
    const auto pool = pools + "/{poolId}";
    table.push_back({Method::kGet, pools, Needs::kCredentials, BodyKind::kNone, with(list_pools), {}});
    table.push_back({Method::kPost, pools, Needs::kCreatePool, BodyKind::kBuffer, with(create_pool), {}});
    table.push_back({Method::kGet, pool, Needs::kViewPool, BodyKind::kNone, with(get_pool), {}});
    table.push_back(
        {Method::kGet, pool + "/tables", Needs::kViewPool, BodyKind::kNone, with(list_tables), {}});
  }
}

}  // namespace adit
