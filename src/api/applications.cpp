// The applications of a team: callers that are no person.
#include <boost/json.hpp>
#include <utility>

#include "api/access_endpoints.h"
#include "api/access_fields.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

json::object application_json(const Application& application) {
  return json::object{{"id", application.id.to_string()},
                      {"name", application.name},
                      {"creatorId", application.creator.to_string()},
                      {"active", application.active},
                      {"createdAt", to_epoch_ms(application.created)}};
}

Error no_such_application(const std::string& id) {
  return not_found("There is no application " + id + " in your team.");
}

Result<Application> application_in_path(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto id, id_in_path(request, "applicationId"));
  ADIT_TRY(auto application, services.catalog.find_application(caller(request).team, ApplicationId(id)));
  if (!application) return no_such_application(id.to_string());
  return *std::move(application);
}

Result<Response> list_applications(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto applications, services.catalog.list_applications(caller(request).team));
  return list_answer(applications, application_json);
}

Result<Response> get_application(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto application, application_in_path(services, request));
  return json_answer(application_json(application));
}

/// It may nothing until something is granted to it.
Result<Response> create_application(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  Application application;
  application.id = ApplicationId::random();
  application.team = caller(request).team;
  application.creator = caller(request).user;
  application.created = services.clock.now();
  application.name = read_name(reader, errors);
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_CHECK(services.catalog.insert_application(application));
  return json_answer(application_json(application));
}

Result<Response> update_application(const AccessServices& services, const Request& request) {
  ADIT_TRY(auto application, application_in_path(services, request));
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  application.name = read_name(reader, errors, application.name);
  application.active = reader.boolean("active").value_or(application.active);
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_TRY(const bool found, services.catalog.update_application(application));
  services.authenticator.changed();
  if (!found) return no_such_application(application.id.to_string());
  return json_answer(application_json(application));
}

Result<Response> delete_application(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto application, application_in_path(services, request));
  ADIT_TRY(const bool found, services.catalog.delete_application(application.team, application.id));
  services.authenticator.changed();
  if (!found) return no_such_application(application.id.to_string());
  return Response::empty(204);
}

}  // namespace

void add_application_endpoints(std::vector<AccessEndpoint>& endpoints) {
  const std::string all = "/adit/api/v1/applications";
  const auto one = all + "/{applicationId}";
  const auto needs = Needs::kAdministerTeam;
  endpoints.push_back({{"listApplications", Method::kGet, all, Needs::kViewMembers}, list_applications});
  endpoints.push_back({{"getApplication", Method::kGet, one, Needs::kViewMembers}, get_application});
  endpoints.push_back(
      {{"createApplication", Method::kPost, all, needs, BodyKind::kBuffer}, create_application});
  endpoints.push_back(
      {{"updateApplication", Method::kPut, one, needs, BodyKind::kBuffer}, update_application});
  endpoints.push_back({{"deleteApplication", Method::kDelete, one, needs}, delete_application});
}

}  // namespace adit
