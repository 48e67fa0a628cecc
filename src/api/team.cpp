// Who is calling, and for which team: what clients ask before they push.
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

/// The role as the number that clients know.
int role_number(const Principal& principal) {
  if (principal.is_application()) return 0;
  switch (principal.holder->role) {
    case Role::kMember:
      return 0;
    case Role::kAnalyst:
      return 1;
    case Role::kAdministrator:
      return 2;
  }
  std::unreachable();
}

Result<Team> team_of(const Services& services, const Request& request) {
  ADIT_TRY(const auto team, services.catalog.find_team(caller(request).team));
  if (!team) return internal("a caller's team is not in the catalog");
  return *team;
}

/// An application is a caller of its own; it has no email address.
Result<Response> describe_caller(const Services& services, const Request& request) {
  const auto& principal = caller(request);
  ADIT_TRY(const auto team, team_of(services, request));
  std::string email;
  if (!principal.is_application()) {
    ADIT_TRY(const auto user, services.catalog.find_user(principal.user));
    if (user) email = user->email;
  }
  const json::object body{{"id", principal.subject.id.to_string()},
                          {"email", email},
                          {"name", principal.holder->name},
                          {"teamId", team.id.to_string()},
                          {"teamName", team.name},
                          {"teamDomain", team.domain},
                          {"active", true},
                          {"language", "en"},
                          {"role", role_number(principal)}};
  return Response::json(200, json::serialize(body));
}

/// By service; that of the data pools is always there, since clients look for it.
Result<Response> list_permissions(const Services&, const Request& request) {
  const auto permissions = permissions_in_team(caller(request));
  json::array data_pools;
  json::array team;
  for (const auto permission : team_permissions()) {
    if (!permissions.has(permission)) continue;
    const bool of_team = service_of(permission) == "team";
    (of_team ? team : data_pools).emplace_back(to_string(permission));
  }
  json::array body{json::object{{"serviceName", "event-collection"}, {"permissions", data_pools}}};
  if (!team.empty()) body.push_back(json::object{{"serviceName", "team"}, {"permissions", team}});
  return Response::json(200, json::serialize(body));
}

Result<Response> describe_team(const Services& services, const Request& request) {
  ADIT_TRY(const auto team, team_of(services, request));
  const json::object body{{"id", team.id.to_string()},
                          {"name", team.name},
                          {"domain", team.domain},
                          {"trackingEnabled", false},
                          {"dataPushJobSubmissionLimitPerSec", team.limits.per_second},
                          {"dataPushJobSubmissionLimitPerHour", team.limits.per_hour},
                          {"unlimitedDataPushJobSubmissions", team.limits.unlimited}};
  return Response::json(200, json::serialize(body));
}

json::object limits_json(const ExecuteLimits& limits) {
  return json::object{
      {"perSecond", limits.per_second}, {"perHour", limits.per_hour}, {"unlimited", limits.unlimited}};
}

Result<Response> get_limits(const Services& services, const Request& request) {
  ADIT_TRY(const auto team, team_of(services, request));
  return Response::json(200, json::serialize(limits_json(team.limits)));
}

std::int64_t read_limit(FieldReader& reader, std::string_view name, std::int64_t present) {
  const auto limit = reader.integer(name).value_or(present);
  if (limit < 1 || limit > ExecuteLimits::kMax) {
    reader.fail(name, "must be from 1 to " + std::to_string(ExecuteLimits::kMax) +
                          "; \"unlimited\": true turns both limits off");
  }
  return limit;
}

/// What is absent stays.
Result<Response> set_limits(const Services& services, const Request& request) {
  ADIT_TRY(const auto team, team_of(services, request));
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  auto limits = team.limits;
  limits.per_second = read_limit(reader, "perSecond", limits.per_second);
  limits.per_hour = read_limit(reader, "perHour", limits.per_hour);
  limits.unlimited = reader.boolean("unlimited").value_or(limits.unlimited);
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_TRY(const bool found, services.catalog.set_execute_limits(team.id, limits));
  if (!found) return internal("a caller's team is not in the catalog");
  return Response::json(200, json::serialize(limits_json(limits)));
}

}  // namespace

void add_team_endpoints(EndpointTable& table) {
  const auto needs = Needs::kCredentials;
  table.add({"describeCaller", Method::kGet, "/api/cloud", needs}, describe_caller);
  table.add({"listPermissions", Method::kGet, "/api/cloud/permissions", needs}, list_permissions);
  for (const std::string team : {"/api/cloud/team", "/api/team"}) {
    table.add({"describeTeam", Method::kGet, team, needs}, describe_team);
  }
  const std::string limits = "/adit/api/v1/team/limits";
  table.add({"getLimits", Method::kGet, limits, Needs::kAdministerTeam}, get_limits);
  table.add({"setLimits", Method::kPut, limits, Needs::kAdministerTeam, BodyKind::kBuffer}, set_limits);
}

}  // namespace adit
