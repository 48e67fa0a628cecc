// The groups of a team's users.
#include <boost/json.hpp>
#include <utility>

#include "api/access_endpoints.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

Result<json::object> group_json(const AccessServices& services, const Group& group) {
  ADIT_TRY(const auto members, services.catalog.list_members(group.id));
  json::array ids;
  for (const auto member : members) ids.emplace_back(member.to_string());
  return json::object{{"id", group.id.to_string()},
                      {"name", group.name},
                      {"members", std::move(ids)},
                      {"createdAt", to_epoch_ms(group.created)}};
}

Result<Response> group_answer(const AccessServices& services, const Group& group) {
  ADIT_TRY(const auto body, group_json(services, group));
  return json_answer(body);
}

Error no_such_group(const std::string& id) { return not_found("There is no group " + id + " in your team."); }

Result<Group> group_in_path(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto id, id_in_path(request, "groupId"));
  ADIT_TRY(auto group, services.catalog.find_group(caller(request).team, GroupId(id)));
  if (!group) return no_such_group(id.to_string());
  return *std::move(group);
}

Result<Response> list_groups(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto groups, services.catalog.list_groups(caller(request).team));
  json::array body;
  for (const auto& group : groups) {
    ADIT_TRY(auto entry, group_json(services, group));
    body.push_back(std::move(entry));
  }
  return json_answer(body);
}

Result<Response> get_group(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto group, group_in_path(services, request));
  return group_answer(services, group);
}

Result<Response> create_group(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  Group group{GroupId::random(), caller(request).team, read_name(reader, errors), services.clock.now()};
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_CHECK(services.catalog.insert_group(group));
  return group_answer(services, group);
}

Result<Response> rename_group(const AccessServices& services, const Request& request) {
  ADIT_TRY(auto group, group_in_path(services, request));
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  group.name = read_name(reader, errors, group.name);
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_TRY(const bool found, services.catalog.rename_group(group));
  if (!found) return no_such_group(group.id.to_string());
  return group_answer(services, group);
}

Result<Response> delete_group(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto group, group_in_path(services, request));
  ADIT_TRY(const bool found, services.catalog.delete_group(group.team, group.id));
  services.authenticator.changed();
  if (!found) return no_such_group(group.id.to_string());
  return Response::empty(204);
}

Result<Response> add_member(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto group, group_in_path(services, request));
  ADIT_TRY(const auto user, id_in_path(request, "userId"));
  ADIT_CHECK(services.catalog.add_member(group.team, group.id, UserId(user)));
  services.authenticator.changed();
  return Response::empty(204);
}

Result<Response> remove_member(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto group, group_in_path(services, request));
  ADIT_TRY(const auto user, id_in_path(request, "userId"));
  ADIT_TRY(const bool found, services.catalog.remove_member(group.team, group.id, UserId(user)));
  services.authenticator.changed();
  if (!found) return not_found("The user " + user.to_string() + " is not in this group.");
  return Response::empty(204);
}

}  // namespace

void add_group_endpoints(std::vector<AccessEndpoint>& endpoints) {
  const std::string groups = "/adit/api/v1/groups";
  const auto group = groups + "/{groupId}";
  const auto member = group + "/members/{userId}";
  const auto needs = Needs::kAdministerTeam;
  endpoints.push_back({{"listGroups", Method::kGet, groups, Needs::kViewMembers}, list_groups});
  endpoints.push_back({{"getGroup", Method::kGet, group, Needs::kViewMembers}, get_group});
  endpoints.push_back({{"createGroup", Method::kPost, groups, needs, BodyKind::kBuffer}, create_group});
  endpoints.push_back({{"renameGroup", Method::kPut, group, needs, BodyKind::kBuffer}, rename_group});
  endpoints.push_back({{"deleteGroup", Method::kDelete, group, needs}, delete_group});
  endpoints.push_back({{"addMember", Method::kPut, member, needs}, add_member});
  endpoints.push_back({{"removeMember", Method::kDelete, member, needs}, remove_member});
}

}  // namespace adit
