// Data sources of a pool, which clients also call data connections.
#include "api/data_sources.h"

#include <boost/json.hpp>
#include <utility>

#include "api/endpoint.h"
#include "formats/names.h"
#include "model/json_fields.h"

namespace adit {

std::string schema_name(PoolId pool, const DataSource* source) {
  return source == nullptr ? pool.to_string() : pool.to_string() + "_" + source->id.to_string();
}

namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

constexpr std::size_t kTypeBytesMax = 64;

/// `connected` and `configured` are what clients look at before they push: there is nothing to connect here.
json::object source_json(const DataSource& source) {
  return json::object{{"id", source.id.to_string()},
                      {"name", source.name},
                      {"poolId", source.pool.to_string()},
                      {"type", source.type},
                      {"connected", true},
                      {"configured", true},
                      {"targetSchemaName", schema_name(source.pool, &source)}};
}

Error no_such_source(std::string_view id) {
  return not_found("There is no data connection " + std::string(id) + " in this data pool.");
}

Result<DataSource> source_in_path(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, id_in_path(request, "dataSourceId"));
  ADIT_TRY(auto source, services.catalog.find_data_source(pool.id, DataSourceId(id)));
  if (!source) return no_such_source(id.to_string());
  return *std::move(source);
}

Result<Response> list_sources(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto sources, services.catalog.list_data_sources(pool.id));
  json::array body;
  for (const auto& source : sources) body.push_back(source_json(source));
  return Response::json(200, json::serialize(body));
}

Result<Response> get_source(const Services& services, const Request& request) {
  ADIT_TRY(const auto source, source_in_path(services, request));
  return Response::json(200, json::serialize(source_json(source)));
}

Result<Response> create_source(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  DataSource source;
  source.pool = pool.id;
  source.created = services.clock.now();
  const auto name = reader.string("name");
  if (!name && errors.empty()) reader.fail("name", "is required");
  if (name) {
    if (const auto checked = check_schema_name(*name); !checked)
      reader.fail("name", checked.error().public_message);
  }
  source.name = name.value_or("");
  source.type = reader.string("type").value_or("PUSH_API");
  if (source.type.empty() || source.type.size() > kTypeBytesMax || !is_utf8(source.type)) {
    reader.fail("type", "must be 1 to " + std::to_string(kTypeBytesMax) + " bytes of text");
  }
  source.id = DataSourceId::random();
  if (const auto id = reader.string("id")) {
    const auto given = DataSourceId::parse(*id);
    if (!given) reader.fail("id", "must be a UUID");
    source.id = given.value_or(source.id);
  }
  if (const auto of = reader.string("poolId"); of && PoolId::parse(*of) != pool.id) {
    reader.fail("poolId", "must be the pool in the path");
  }
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_CHECK(services.catalog.insert_data_source(source));
  return Response::json(200, json::serialize(source_json(source)));
}

/// A connection goes only when nothing would be lost with it.
Result<Response> delete_source(const Services& services, const Request& request) {
  ADIT_TRY(const auto source, source_in_path(services, request));
  ADIT_TRY(const auto tables, services.warehouse.tables(source.pool));
  for (const auto& table : tables) {
    if (table.schema.empty() || fold_name(table.schema) != fold_name(source.name)) continue;
    return conflict("The data connection \"" + source.name + "\" holds tables, \"" + table.name +
                    "\" among them. Drop them, then delete the connection.");
  }
  ADIT_TRY(const bool deleted, services.catalog.delete_data_source(source.pool, source.id));
  if (!deleted) return no_such_source(source.id.to_string());
  return Response::empty(204);
}

}  // namespace

void add_data_source_endpoints(const Services& services, std::vector<Endpoint>& table) {
  const auto with = [&services](auto function) {
    return [services, function](const Request& request) { return function(services, request); };
  };
  for (const std::string pools : {"/integration/api/pools", "/adit/api/v1/pools"}) {
    const auto sources = pools + "/{poolId}/data-sources";
    const auto source = sources + "/{dataSourceId}";
    table.push_back({Method::kGet, sources, Needs::kViewPool, BodyKind::kNone, with(list_sources), {}});
    table.push_back({Method::kPost, sources, Needs::kEditPool, BodyKind::kBuffer, with(create_source), {}});
    table.push_back({Method::kGet, source, Needs::kViewPool, BodyKind::kNone, with(get_source), {}});
    table.push_back({Method::kDelete, source, Needs::kEditPool, BodyKind::kNone, with(delete_source), {}});
  }
}

}  // namespace adit
