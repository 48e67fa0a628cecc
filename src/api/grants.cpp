// What was granted to whom: in the team, and on a data pool. A grant is named by its path, so that to give
// and to take it can be repeated.
#include <boost/json.hpp>
#include <unordered_map>
#include <utility>

#include "api/access_endpoints.h"
#include "api/access_fields.h"
#include "base/log.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::Method;
using http::Request;
using http::Response;

using Names = std::unordered_map<Subject, std::string>;

Result<Names> names_of_subjects(const AccessServices& services, TeamId team) {
  Names names;
  ADIT_TRY(const auto users, services.catalog.list_users(team));
  for (const auto& user : users) names[subject_of(user.id)] = user.name;
  ADIT_TRY(const auto applications, services.catalog.list_applications(team));
  for (const auto& application : applications) names[subject_of(application.id)] = application.name;
  ADIT_TRY(const auto groups, services.catalog.list_groups(team));
  for (const auto& group : groups) names[subject_of(group.id)] = group.name;
  return names;
}

json::object grant_json(const Grant& grant, const Names& names) {
  const auto name = names.find(grant.subject);
  return json::object{{"subjectKind", to_string(grant.subject.kind)},
                      {"subjectId", grant.subject.id.to_string()},
                      {"subjectName", name == names.end() ? json::value(nullptr) : json::value(name->second)},
                      {"poolId", grant.pool ? json::value(grant.pool->to_string()) : json::value(nullptr)},
                      {"permission", to_string(grant.permission)}};
}

Result<Response> listed(const AccessServices& services, TeamId team, std::optional<PoolId> pool) {
  ADIT_TRY(const auto grants, services.catalog.list_grants(team, pool));
  ADIT_TRY(const auto names, names_of_subjects(services, team));
  return list_answer(grants, [&](const Grant& grant) { return grant_json(grant, names); });
}

Result<Response> list_grants(const AccessServices& services, const Request& request) {
  return listed(services, caller(request).team, std::nullopt);
}

Result<Response> list_pool_grants(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto pool, id_in_path(request, "poolId"));
  return listed(services, caller(request).team, PoolId(pool));
}

/// The same for programs, by object and service, as clients of the original expect an export.
Result<Response> export_grants(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto grants, services.catalog.list_grants(caller(request).team, std::nullopt));
  ADIT_TRY(const auto names, names_of_subjects(services, caller(request).team));
  return list_answer(grants, [&](const Grant& grant) {
    auto entry = grant_json(grant, names);
    entry["serviceName"] = service_of(grant.permission);
    return entry;
  });
}

Result<Subject> subject_in_path(const Request& request) {
  const auto word = request.parameter("subjectKind");
  Subject subject;
  if (word == "users") {
    subject.kind = SubjectKind::kUser;
  } else if (word == "applications") {
    subject.kind = SubjectKind::kApplication;
  } else if (word == "groups") {
    subject.kind = SubjectKind::kGroup;
  } else {
    return not_found("Permissions are granted to users, applications and groups, not to \"" +
                     std::string(word) + "\".");
  }
  ADIT_TRY(subject.id, id_in_path(request, "subjectId"));
  return subject;
}

std::string listed_words(std::span<const Permission> permissions) {
  std::string words;
  for (const auto permission : permissions) {
    words += (words.empty() ? "" : ", ") + std::string(to_string(permission));
  }
  return words;
}

Result<Grant> grant_in_path(const Request& request) {
  Grant grant;
  grant.team = caller(request).team;
  ADIT_TRY(grant.subject, subject_in_path(request));
  const bool on_pool = !request.parameter("poolId").empty();
  if (on_pool) {
    ADIT_TRY(const auto pool, id_in_path(request, "poolId"));
    grant.pool = PoolId(pool);
  }
  const auto permission = parse_permission(request.parameter("permission"));
  if (!permission || !(on_pool ? is_pool_permission(*permission) : is_team_permission(*permission))) {
    return invalid_field("permission", on_pool
                                           ? "on a data pool there are: " + listed_words(pool_permissions())
                                           : "in the team there are: " + listed_words(team_permissions()));
  }
  grant.permission = *permission;
  return grant;
}

Result<Response> give(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto grant, grant_in_path(request));
  ADIT_CHECK(services.catalog.insert_grant(grant));
  services.authenticator.changed();
  log::info("permission granted", {{"permission", to_string(grant.permission)},
                                   {"to", grant.subject.id.to_string()},
                                   {"by", caller(request).user}});
  return Response::empty(204);
}

Result<Response> take(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto grant, grant_in_path(request));
  ADIT_TRY(const bool found, services.catalog.delete_grant(grant));
  services.authenticator.changed();
  if (!found) return not_found("This permission was not granted.");
  log::info("permission taken", {{"permission", to_string(grant.permission)},
                                 {"from", grant.subject.id.to_string()},
                                 {"by", caller(request).user}});
  return Response::empty(204);
}

}  // namespace

void add_grant_endpoints(std::vector<AccessEndpoint>& endpoints) {
  const std::string end = "/{subjectKind}/{subjectId}/{permission}";
  const std::string team = "/adit/api/v1/grants";
  const std::string pool = "/adit/api/v1/pools/{poolId}/grants";
  const auto team_needs = Needs::kAdministerTeam;
  const auto pool_needs = Needs::kManagePool;
  endpoints.push_back({{"listGrants", Method::kGet, team, Needs::kViewGrants}, list_grants});
  endpoints.push_back(
      {{"exportGrants", Method::kGet, "/api/authorization/external/permissions", Needs::kViewGrants},
       export_grants});
  endpoints.push_back({{"grantInTeam", Method::kPut, team + end, team_needs}, give});
  endpoints.push_back({{"revokeInTeam", Method::kDelete, team + end, team_needs}, take});
  endpoints.push_back({{"listPoolGrants", Method::kGet, pool, pool_needs}, list_pool_grants});
  endpoints.push_back({{"grantOnPool", Method::kPut, pool + end, pool_needs}, give});
  endpoints.push_back({{"revokeOnPool", Method::kDelete, pool + end, pool_needs}, take});
}

}  // namespace adit
