// What a server says of itself: base URLs, health, metrics.
#include <boost/json.hpp>
#include <utility>

#include "api/endpoint.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;
using http::RunsOn;

Result<Response> describe(const Services& services, const Request&) {
  const auto link = [&](std::string_view path) { return services.public_url + std::string(path); };
  const json::object body{
      {"name", "adit"},
      {"version", ADIT_VERSION},
      {"description",
       "A push API for tables: create a push job, upload chunks, execute it, query the table."},
      {"links", json::object{{"jobs", link("/data-ingestion/api/v1/data-push/{poolId}/jobs/")},
                             {"pools", link("/integration/api/pools")},
                             {"query", link("/adit/api/v1/pools/{poolId}/query")},
                             {"health", link("/healthz")},
                             {"openapi", link("/openapi.json")}}}};
  return Response::json(200, json::serialize(body));
}

Result<Response> alive(const Services&, const Request&) { return Response::json(200, R"({"status":"ok"})"); }

Result<Response> ready(const Services& services, const Request&) {
  if (services.stop.stop_requested()) return Error{ErrorKind::kUnavailable, "The server is shutting down."};
  ADIT_CHECK(services.catalog.find_team());
  const json::object body{{"status", "ready"}, {"damagedPools", services.warehouse.damaged_pools()}};
  return Response::json(200, json::serialize(body));
}

Result<Response> metrics(const Services& services, const Request&) {
  return Response{
      200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, services.metrics.text()};
}

Result<Response> metrics_of_server(const Services& services, const Request& request) {
  ADIT_CHECK(
      only_first_team(services, request, "Metrics are the whole server's: they are for its first team."));
  return metrics(services, request);
}

}  // namespace

void add_system_endpoints(EndpointTable& table, const ApiLimits& limits) {
  for (const std::string base :
       {"/", "/data-ingestion/api", "/integration/api", "/integration-hybrid/api", "/adit/api/v1"}) {
    table.add({"describeServer", Method::kGet, base, Needs::kNothing}, describe);
  }
  // Whoever watches over the server must not take one with much to do for one that is dead.
  table.add(
      {"isAlive", Method::kGet, "/healthz", Needs::kNothing, BodyKind::kNone, Watch::kNobody, RunsOn::kLoop},
      alive);
  table.add({"isReady", Method::kGet, "/readyz", Needs::kNothing, BodyKind::kNone, Watch::kNobody,
             RunsOn::kReserve},
            ready);
  const auto needs = limits.metrics_public ? Needs::kNothing : Needs::kViewMetrics;
  table.add({"metrics", Method::kGet, "/metrics", needs},
            limits.metrics_public ? metrics : metrics_of_server);
}

}  // namespace adit
