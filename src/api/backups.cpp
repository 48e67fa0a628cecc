// Backups of the whole installation, for administrators of its first team.
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "api/endpoint.h"
#include "backup/backup_service.h"
#include "model/json_fields.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

/// All teams are in a backup, and disks are the machine's.
Result<void> check_team(const Services& services, const Request& request) {
  return only_first_team(services, request,
                         "Backups hold all teams: they are made by administrators of the first one.");
}

json::object backup_json(const BackupStatus& status) {
  return json::object{
      {"name", status.name},
      {"state", to_string(status.state)},
      {"doing", status.progress.doing},
      {"bytes", status.progress.bytes},
      {"files", status.progress.files},
      {"pools", status.pools},
      {"chunks", status.chunks},
      {"begunAt", to_epoch_ms(status.begun)},
      {"finishedAt", status.finished ? json::value(to_epoch_ms(*status.finished)) : json::value()},
      {"message", status.message}};
}

/// Answers at once; how it gets on is asked for by the same path.
Result<Response> start_backup(const Services& services, const Request& request) {
  ADIT_CHECK(check_team(services, request));
  std::optional<std::string> parent;
  if (!request.body.empty()) {
    ADIT_TRY(const auto body, parse_json_object(request.body));
    std::vector<FieldError> errors;
    FieldReader reader(body, errors);
    parent = reader.string("folder");
    if (!errors.empty()) return invalid_fields(std::move(errors));
  }
  ADIT_TRY(const auto status, services.backups.start(std::string(request.parameter("backupName")), parent));
  return Response::json(202, json::serialize(backup_json(status)));
}

Result<Response> get_backup(const Services& services, const Request& request) {
  ADIT_CHECK(check_team(services, request));
  ADIT_TRY(const auto status, services.backups.find(std::string(request.parameter("backupName"))));
  return Response::json(200, json::serialize(backup_json(status)));
}

}  // namespace

void add_backup_endpoints(EndpointTable& table) {
  const std::string one = "/adit/api/v1/backups/{backupName}";
  const auto needs = Needs::kAdministerTeam;
  table.add({"startBackup", Method::kPut, one, needs, BodyKind::kBuffer}, start_backup);
  table.add({"getBackup", Method::kGet, one, needs}, get_backup);
}

}  // namespace adit
