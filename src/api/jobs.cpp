// Push jobs: create, list, get, execute, cancel, delete.
#include <boost/json.hpp>

#include "api/endpoint.h"
#include "api/idempotency.h"
#include "api/query_parameters.h"
#include "base/digest.h"
#include "model/job_json.h"
#include "model/json_fields.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

std::string job_text(const Services& services, const Job& job) {
  return json::serialize(to_json(job, services.push.progress(job)));
}

Response job_response(const Services& services, const Job& job) {
  return Response::json(200, job_text(services, job));
}

Result<JobId> job_in_path(const Request& request) {
  ADIT_TRY(const auto id, id_in_path(request, "jobId"));
  return JobId(id);
}

Result<Response> create_job(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(auto once, Once::begin(services, request, "create " + pool.id.to_string()));
  const auto content = [&] { return to_hex(sha256(request.body)); };
  if (once.answered()) return once.replay(content());
  ADIT_TRY(const auto body, parse_json_object(request.body));
  ADIT_TRY(auto spec, job_spec_from_json(body, pool.id));
  PushService::CompletionOf completion;
  if (once.claimed()) {
    completion = [&](const Job& job) { return *once.completion(content(), job_text(services, job)); };
  }
  ADIT_TRY(const auto job, services.push.create(pool.id, std::move(spec), completion));
  once.completed();
  return job_response(services, job);
}

/// What an execute asks for: its query, in the order in which it came.
std::string execute_content(const Request& request) {
  Sha256 digest;
  for (const auto& [name, value] : request.query) {
    digest.update(std::to_string(name.size()) + " " + name + " " + std::to_string(value.size()) + " " +
                  value);
  }
  return to_hex(std::move(digest).finish());
}

Result<Response> list_jobs(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  JobFilter filter;
  if (const auto word = request.query_value("status")) {
    filter.status = parse_job_status(*word);
    if (!filter.status)
      return invalid_field("status", "must be one of NEW, QUEUED, RUNNING, DONE, ERROR, CANCELED");
  }
  if (const auto name = request.query_value("targetName")) filter.target_name = std::string(*name);
  constexpr auto kNoLimit = ~0ULL;
  ADIT_TRY(const auto limit, count_parameter(request, "limit", kNoLimit));
  if (limit != kNoLimit) filter.limit = limit;
  ADIT_TRY(filter.offset, count_parameter(request, "offset", 0));
  ADIT_TRY(const auto jobs, services.push.list(pool.id, filter));
  json::array body;
  for (const auto& job : jobs) body.push_back(to_json(job, services.push.progress(job)));
  return Response::json(200, json::serialize(body));
}

Result<Response> get_job(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, job_in_path(request));
  ADIT_TRY(const auto job, services.push.get(pool.id, id));
  return job_response(services, job);
}

Result<Response> execute_job(const Services& services, const Request& request) {
  ADIT_CHECK(refuse_headers(request, {"If-Match"}));
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, job_in_path(request));
  std::optional<std::string> duplicate_removal_column;
  if (const auto column = request.query_value("duplicateRemovalColumn"); column && !column->empty()) {
    duplicate_removal_column = std::string(*column);
  }
  ADIT_TRY(auto once, Once::begin(services, request, "execute " + id.to_string()));
  if (once.answered()) return once.replay(execute_content(request));
  std::optional<RequestCompletion> completion;
  if (once.claimed()) completion = once.completion(execute_content(request), {});
  ADIT_CHECK(services.push.execute(pool.id, id, pointer_to(completion), duplicate_removal_column));
  once.completed();
  return Response::empty(200);
}

Result<Response> cancel_job(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, job_in_path(request));
  ADIT_TRY(const auto job, services.push.cancel(pool.id, id));
  return job_response(services, job);
}

Result<Response> delete_job(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, job_in_path(request));
  ADIT_CHECK(services.push.remove(pool.id, id));
  return Response::empty(204);
}

}  // namespace

void add_job_endpoints(const Services& services, std::vector<Endpoint>& table) {
  const auto with = [&services](auto function) {
    return [services, function](const Request& request) { return function(services, request); };
  };
  for (const auto prefix : kPushPrefixes) {
    const auto jobs = std::string(prefix) + "/api/v1/data-push/{poolId}/jobs";
    const auto job = jobs + "/{jobId}";
    table.push_back({Method::kPost, jobs, Needs::kPushData, BodyKind::kBuffer, with(create_job), {}});
    table.push_back({Method::kGet, jobs, Needs::kPushData, BodyKind::kNone, with(list_jobs), {}});
    table.push_back({Method::kGet, job, Needs::kPushData, BodyKind::kNone, with(get_job), {}});
    table.push_back({Method::kPost, job, Needs::kPushData, BodyKind::kNone, with(execute_job), {}});
    table.push_back(
        {Method::kPost, job + "/cancel", Needs::kPushData, BodyKind::kNone, with(cancel_job), {}});
    table.push_back({Method::kDelete, job, Needs::kPushData, BodyKind::kNone, with(delete_job), {}});
  }
}

}  // namespace adit
