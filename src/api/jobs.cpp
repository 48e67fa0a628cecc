// Push jobs: create, list, get, execute, cancel, delete.
#include <boost/json.hpp>

#include "api/endpoint.h"
#include "api/idempotency.h"
#include "api/query_parameters.h"
#include "api/text_in_pieces.h"
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

/// What a job does beside its push, whoever asks for it must be permitted to do by themselves: who creates
/// the job, and who executes it.
Result<void> check_effects(const Request& request, PoolId pool, const JobSpec& spec) {
  if (!spec.post_execution_query) return {};
  auto permitted = may_also(request, Needs::kEditPool, pool);
  if (permitted || permitted.error().kind != ErrorKind::kForbidden) return permitted;
  return Error{ErrorKind::kForbidden,
               "The job has a postExecutionQuery, which changes data other than by a push. " +
                   permitted.error().public_message};
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
  ADIT_CHECK(check_effects(request, pool.id, spec));
  ADIT_CHECK(services.quotas.check(pool));
  PushService::CompletionOf completion;
  if (once.claimed()) {
    completion = [&](const Job& job) { return *once.completion(content(), job_text(services, job)); };
  }
  ADIT_TRY(const auto job, services.push.create(pool.id, std::move(spec), completion, creator_of(request)));
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

/// A list of jobs as the text of a JSON array, by the catalog's pages: a pool may have hundreds of thousands,
/// and each takes many times its text while it is written.
class JobListSource final : public TextInPieces {
 public:
  JobListSource(PushService& push, PoolId pool, JobFilter filter)
      : push_(push), pool_(pool), filter_(std::move(filter)) {}

 private:
  Result<void> make(std::string& piece) override {
    ADIT_TRY(const auto page, push_.list(pool_, filter_));
    bool begins = !filter_.before;
    if (begins) piece += '[';
    for (const auto& job : page.jobs) {
      if (!std::exchange(begins, false)) piece += ',';
      piece += json::serialize(to_json(job, push_.progress(job)));
    }
    if (filter_.limit) *filter_.limit -= page.jobs.size();
    filter_.offset = 0;
    filter_.before = page.next;
    if (page.next) return {};
    piece += ']';
    end();
    return {};
  }

  PushService& push_;
  const PoolId pool_;
  JobFilter filter_;  ///< of the next page
};

Result<Response> list_jobs(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  JobFilter filter;
  if (const auto word = request.query_value("status")) {
    filter.status = parse_job_status(*word);
    if (!filter.status)
      return invalid_field("status", "must be one of NEW, QUEUED, RUNNING, DONE, ERROR, CANCELED");
  }
  if (const auto name = request.query_value("targetName")) filter.target_name = std::string(*name);
  if (const auto text = request.query_value("connectionId")) {
    filter.connection = DataSourceId::parse(*text);
    if (!filter.connection)
      return invalid_field("connectionId", "must be the id of a data connection, a UUID");
  }
  constexpr auto kNoLimit = ~0ULL;
  ADIT_TRY(const auto limit, count_parameter(request, "limit", kNoLimit));
  if (limit != kNoLimit) filter.limit = limit;
  ADIT_TRY(filter.offset, count_parameter(request, "offset", 0));
  auto source = std::make_shared<JobListSource>(services.push, pool.id, std::move(filter));
  ADIT_TRY(auto whole, source->read_whole());
  if (whole) return Response::json(200, *std::move(whole));
  auto response = Response::json(200, "");
  response.source = std::move(source);
  return response;
}

Result<Response> get_job(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, job_in_path(request));
  ADIT_TRY(const auto job, services.push.get(pool.id, id));
  return job_response(services, job);
}

/// How much room the team's limits leave; nothing where it is not limited.
void add_rate_headers(Response& response, const ExecuteAdmission& admission) {
  if (!admission.limited) return;
  response.headers.emplace_back("x-ratelimit-limit", std::to_string(admission.limit));
  response.headers.emplace_back("x-ratelimit-remaining", std::to_string(admission.remaining));
  response.headers.emplace_back("x-ratelimit-reset", std::to_string(admission.reset.count()));
}

Response too_many_executes(const Request& request, const ExecuteAdmission& admission) {
  const bool of_hour = admission.limit_every > std::chrono::seconds(1);
  auto response = rate_limited(
      request,
      "Your team may execute " + std::to_string(admission.limit) +
          (of_hour ? " push jobs an hour" : " push jobs a second") +
          ". The job is as it was: execute it again in " + std::to_string(admission.reset.count()) +
          " s. An administrator changes the limits, or turns them off, by PUT /adit/api/v1/team/limits.",
      admission.reset);
  add_rate_headers(response, admission);
  return response;
}

Result<Response> execute_job(const Services& services, const Request& request) {
  ADIT_CHECK(refuse_headers(request, {"If-Match"}));
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, job_in_path(request));
  ADIT_TRY(const auto job, services.push.get(pool.id, id));
  ADIT_CHECK(check_effects(request, pool.id, job.spec));
  std::optional<std::string> duplicate_removal_column;
  if (const auto column = request.query_value("duplicateRemovalColumn"); column && !column->empty()) {
    duplicate_removal_column = std::string(*column);
  }
  ADIT_TRY(auto once, Once::begin(services, request, "execute " + id.to_string()));
  if (once.answered()) return once.replay(execute_content(request));
  // Any other status is a conflict first.
  if (job.status == JobStatus::kNew) ADIT_CHECK(services.quotas.check(pool));
  std::optional<RequestCompletion> completion;
  if (once.claimed()) completion = once.completion(execute_content(request), {});
  ADIT_TRY(const auto admission,
           services.push.execute(pool.id, id, pointer_to(completion), duplicate_removal_column));
  if (!admission.admitted) return too_many_executes(request, admission);
  once.completed();
  auto response = Response::empty(200);
  add_rate_headers(response, admission);
  return response;
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

void add_job_endpoints(EndpointTable& table) {
  for (const auto prefix : kPushPrefixes) {
    const auto jobs = std::string(prefix) + "/api/v1/data-push/{poolId}/jobs";
    const auto job = jobs + "/{jobId}";
    table.add({"createJob", Method::kPost, jobs, Needs::kPushData, BodyKind::kBuffer}, create_job);
    table.add({"listJobs", Method::kGet, jobs, Needs::kPushData}, list_jobs);
    table.add({"getJob", Method::kGet, job, Needs::kPushData}, get_job);
    table.add({"executeJob", Method::kPost, job, Needs::kPushData}, execute_job);
    table.add({"cancelJob", Method::kPost, job + "/cancel", Needs::kPushData}, cancel_job);
    table.add({"deleteJob", Method::kDelete, job, Needs::kPushData}, delete_job);
  }
}

}  // namespace adit
