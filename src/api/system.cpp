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

Result<Response> describe(const Request&) {
  const json::object body{
      {"name", "adit"},
      {"version", ADIT_VERSION},
      {"description",
       "A push API for tables: create a push job, upload chunks, execute it, query the table."},
      {"links", json::object{{"jobs", "/data-ingestion/api/v1/data-push/{poolId}/jobs/"},
                             {"pools", "/integration/api/pools"},
                             {"query", "/adit/api/v1/pools/{poolId}/query"},
                             {"health", "/healthz"}}}};
  return Response::json(200, json::serialize(body));
}

Result<Response> alive(const Request&) { return Response::json(200, R"({"status":"ok"})"); }

Result<Response> ready(const Services& services, const Request&) {
  if (services.stop.stop_requested()) return Error{ErrorKind::kUnavailable, "The server is shutting down."};
  ADIT_CHECK(services.catalog.find_team());
  return Response::json(200, R"({"status":"ready"})");
}

Result<Response> metrics(const Services& services, const Request&) {
  return Response{
      200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, services.metrics.text()};
}

}  // namespace

void add_system_endpoints(const Services& services, std::vector<Endpoint>& table) {
  for (const std::string base :
       {"/", "/data-ingestion/api", "/integration/api", "/integration-hybrid/api", "/adit/api/v1"}) {
    table.push_back({Method::kGet, base, Needs::kNothing, BodyKind::kNone, describe, {}});
  }
  table.push_back({Method::kGet, "/healthz", Needs::kNothing, BodyKind::kNone, alive, {}});
  table.push_back({Method::kGet,
                   "/readyz",
                   Needs::kNothing,
                   BodyKind::kNone,
                   [services](const Request& request) { return ready(services, request); },
                   {}});
  const auto needs = services.limits.metrics_public ? Needs::kNothing : Needs::kCredentials;
  table.push_back({Method::kGet,
                   "/metrics",
                   needs,
                   BodyKind::kNone,
                   [services](const Request& request) { return metrics(services, request); },
                   {}});
}

}  // namespace adit
