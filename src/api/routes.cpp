#include <any>
#include <utility>

#include "access/team_host.h"
#include "api/endpoint.h"

namespace adit {
namespace {

std::optional<http::Response> admit(const Services& services, Needs needs, http::Request& request) {
  if (needs == Needs::kNothing) return std::nullopt;
  const auto header = request.headers.find("Authorization");
  if (!header) {
    return error_response(request,
                          {ErrorKind::kUnauthorized,
                           "The request has no Authorization header. Send \"Authorization: Bearer <key>\" or "
                           "\"Authorization: AppKey <key>\"; a key in the URL or the body is ignored."});
  }
  auto principal = services.authenticator.authenticate(*header);
  if (!principal) return error_response(request, principal.error());
  const auto host = request.headers.find("Host").value_or("");
  if (const auto at_home = check_team_host(services.catalog, *principal, host); !at_home) {
    return error_response(request, at_home.error());
  }
  if (!may(*principal, needs)) {
    return error_response(request, {ErrorKind::kForbidden, "The key's owner is not permitted to do this."});
  }
  request.principal = *std::move(principal);
  return std::nullopt;
}

http::Route bind(const Services& services, Endpoint endpoint) {
  http::Route route;
  route.method = endpoint.method;
  route.pattern = std::move(endpoint.pattern);
  route.body = endpoint.body;
  route.watches_client = endpoint.watch == Watch::kClient;
  route.admit = [services, needs = endpoint.needs](http::Request& request) {
    return admit(services, needs, request);
  };
  if (endpoint.handle) {
    route.handle = [handle = std::move(endpoint.handle)](const http::Request& request) {
      auto response = handle(request);
      return response ? *std::move(response) : error_response(request, response.error());
    };
  }
  route.open = std::move(endpoint.open);
  return route;
}

}  // namespace

const Principal& caller(const http::Request& request) {
  return std::any_cast<const Principal&>(request.principal);
}

Result<Uuid> id_in_path(const http::Request& request, std::string_view name) {
  const auto text = request.parameter(name);
  const auto id = Uuid::parse(text);
  if (!id) return not_found("\"" + std::string(text) + "\" is no id: ids are UUIDs.");
  return *id;
}

Result<Pool> pool_in_path(const Services& services, const http::Request& request) {
  ADIT_TRY(const auto id, id_in_path(request, "poolId"));
  ADIT_TRY(auto pool, services.catalog.find_pool(caller(request).team, PoolId(id)));
  if (!pool) return not_found("There is no data pool " + id.to_string() + " in your team.");
  return *std::move(pool);
}

Result<void> refuse_headers(const http::Request& request, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (request.headers.find(name)) {
      return invalid_field(std::string(name),
                           "this header is not supported by this version of adit; leave it out");
    }
  }
  return {};
}

std::vector<http::Route> make_routes(const Services& services) {
  std::vector<Endpoint> table;
  add_job_endpoints(services, table);
  add_chunk_endpoints(services, table);
  add_pool_endpoints(services, table);
  add_data_source_endpoints(services, table);
  add_table_endpoints(services, table);
  add_table_change_endpoints(services, table);
  add_team_endpoints(services, table);
  add_query_endpoints(services, table);
  add_key_endpoints(services, table);
  add_system_endpoints(services, table);
  std::vector<http::Route> routes;
  routes.reserve(table.size());
  for (auto& endpoint : table) routes.push_back(bind(services, std::move(endpoint)));
  return routes;
}

}  // namespace adit
