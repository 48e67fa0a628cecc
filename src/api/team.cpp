// Who is calling, and for which team: what clients ask before they push.
#include <boost/json.hpp>

#include "api/endpoint.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

/// Administrator, in the numbers of the original.
constexpr int kAdministratorRole = 2;

Result<Team> team_of(const Services& services, const Request& request) {
  ADIT_TRY(const auto team, services.catalog.find_team());
  if (!team || team->id != caller(request).team) return internal("a caller's team is not in the catalog");
  return *team;
}

/// A user's key speaks for its user; an application's is a caller of its own.
Result<Response> describe_caller(const Services& services, const Request& request) {
  const auto& principal = caller(request);
  ADIT_TRY(const auto team, team_of(services, request));
  ADIT_TRY(const auto user, services.catalog.find_user(principal.user));
  if (!user) return internal("a caller's user is not in the catalog");
  json::object body{{"id", user->id.to_string()},
                    {"email", user->email},
                    {"name", user->name},
                    {"teamId", team.id.to_string()},
                    {"teamName", team.name},
                    {"teamDomain", team.domain},
                    {"active", true},
                    {"language", "en"},
                    {"role", kAdministratorRole}};
  if (principal.kind == KeyKind::kApplication) {
    ADIT_TRY(const auto key, services.catalog.find_key(principal.key));
    body["id"] = principal.key.to_string();
    body["name"] = key ? key->name : "";
  }
  return Response::json(200, json::serialize(body));
}

Result<Response> list_permissions(const Request&) {
  const json::array body{json::object{
      {"serviceName", "event-collection"},
      {"permissions", json::array{"USE_ALL_DATA_MODELS", "VIEW_ALL_DATA_POOLS", "EDIT_ALL_DATA_POOLS",
                                  "CREATE_DATA_POOL", "MANAGE_ALL_DATA_POOLS"}}}};
  return Response::json(200, json::serialize(body));
}

/// The limits are those that the contract names; nothing holds a team to them, and the last member says so.
Result<Response> describe_team(const Services& services, const Request& request) {
  ADIT_TRY(const auto team, team_of(services, request));
  const json::object body{{"id", team.id.to_string()},
                          {"name", team.name},
                          {"domain", team.domain},
                          {"trackingEnabled", false},
                          {"dataPushJobSubmissionLimitPerSec", 10},
                          {"dataPushJobSubmissionLimitPerHour", 250},
                          {"unlimitedDataPushJobSubmissions", true}};
  return Response::json(200, json::serialize(body));
}

}  // namespace

void add_team_endpoints(const Services& services, std::vector<Endpoint>& table) {
  const auto with = [&services](auto function) {
    return [services, function](const Request& request) { return function(services, request); };
  };
  const auto get = [&table](std::string path, auto handle) {
    table.push_back(
        {Method::kGet, std::move(path), Needs::kCredentials, BodyKind::kNone, std::move(handle), {}});
  };
  get("/api/cloud", with(describe_caller));
  get("/api/cloud/permissions", list_permissions);
  get("/api/cloud/team", with(describe_team));
  get("/api/team", with(describe_team));
}

}  // namespace adit
