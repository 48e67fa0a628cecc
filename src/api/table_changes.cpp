// Tables changed other than by a push: drop, truncate, delete by predicate.
#include <boost/json.hpp>
#include <utility>

#include "api/endpoint.h"
#include "api/query_parameters.h"
#include "model/json_fields.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

json::object change_json(const Job& job) {
  json::array logs;
  for (const auto& line : job.logs) logs.emplace_back(line);
  return json::object{{"id", job.id.to_string()},
                      {"table", job.spec.target_name},
                      {"connectionId", job.spec.connection ? json::value(job.spec.connection->to_string())
                                                           : json::value(nullptr)},
                      {"change", to_string(job.spec.change->kind)},
                      {"status", to_string(job.status)},
                      {"rows", job.rows_landed},
                      {"logs", std::move(logs)},
                      {"creationDate", to_epoch_ms(job.created)}};
}

/// 202 while the change waits for its turn; a change that was not made is an error.
Result<Response> change_response(const Job& job) {
  if (is_final(job.status) && job.status != JobStatus::kDone) {
    const auto why = job.logs.empty() ? std::string() : job.logs.back();
    return conflict("The change was not made, and the table is as it was before: " + why);
  }
  return Response::json(is_final(job.status) ? 200 : 202, json::serialize(change_json(job)));
}

Result<Response> apply(const Services& services, const Request& request, TableChange change) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  const std::string table(request.parameter("tableName"));
  ADIT_TRY(const auto source, schema_parameter(services, request, pool.id));
  ADIT_TRY(const auto job,
           services.changes.apply(pool.id, source, table, std::move(change), creator_of(request)));
  return change_response(job);
}

Result<Response> drop(const Services& services, const Request& request) {
  return apply(services, request, {TableChangeKind::kDrop, {}});
}

Result<Response> truncate(const Services& services, const Request& request) {
  return apply(services, request, {TableChangeKind::kTruncate, {}});
}

Result<Response> delete_rows(const Services& services, const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  auto predicate = reader.string("where");
  if (errors.empty() && (!predicate || predicate->empty())) {
    reader.fail("where",
                "is required: an SQL expression over the columns of a row; to remove all rows, truncate");
  }
  if (!errors.empty()) return invalid_fields(std::move(errors));
  return apply(services, request, {TableChangeKind::kDelete, *std::move(predicate)});
}

Result<JobId> change_in_path(const Request& request) {
  ADIT_TRY(const auto id, id_in_path(request, "changeId"));
  return JobId(id);
}

Result<Response> get_change(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, change_in_path(request));
  ADIT_TRY(const auto job, services.changes.get(pool.id, id));
  return Response::json(200, json::serialize(change_json(job)));
}

Result<Response> cancel_change(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, change_in_path(request));
  ADIT_TRY(const auto job, services.changes.cancel(pool.id, id));
  return Response::json(200, json::serialize(change_json(job)));
}

}  // namespace

void add_table_change_endpoints(EndpointTable& table) {
  const std::string pool = "/adit/api/v1/pools/{poolId}";
  const auto name = pool + "/tables/{tableName}";
  const auto change = pool + "/changes/{changeId}";
  const auto needs = Needs::kChangeTables;
  table.add({"dropTable", Method::kDelete, name, needs}, drop);
  table.add({"truncateTable", Method::kPost, name + "/truncate", needs}, truncate);
  table.add({"deleteRows", Method::kPost, name + "/delete-rows", needs, BodyKind::kBuffer}, delete_rows);
  table.add({"getTableChange", Method::kGet, change, Needs::kViewPool}, get_change);
  table.add({"cancelTableChange", Method::kPost, change + "/cancel", needs}, cancel_change);
}

}  // namespace adit
