// Data sources of a pool, which clients also call data connections.
#include <boost/json.hpp>
#include <utility>

#include "api/endpoint.h"
#include "formats/names.h"
#include "model/json_fields.h"
#include "push/data_source_removal.h"
#include "push/target_schema.h"

namespace adit {
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

Result<Response> delete_source(const Services& services, const Request& request) {
  ADIT_TRY(const auto source, source_in_path(services, request));
  ADIT_CHECK(remove_data_source(services.catalog, services.warehouse, source));
  return Response::empty(204);
}

}  // namespace

void add_data_source_endpoints(EndpointTable& table) {
  for (const std::string pools : {"/integration/api/pools", "/adit/api/v1/pools"}) {
    const auto sources = pools + "/{poolId}/data-sources";
    const auto source = sources + "/{dataSourceId}";
    table.add({"listDataSources", Method::kGet, sources, Needs::kViewPool}, list_sources);
    table.add({"createDataSource", Method::kPost, sources, Needs::kEditPool, BodyKind::kBuffer},
              create_source);
    table.add({"getDataSource", Method::kGet, source, Needs::kViewPool}, get_source);
    table.add({"deleteDataSource", Method::kDelete, source, Needs::kEditPool}, delete_source);
  }
}

}  // namespace adit
