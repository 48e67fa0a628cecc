// Push jobs and their chunks.
#include <algorithm>
#include <boost/json.hpp>

#include "client/adit_api.h"
#include "client/json_view.h"

namespace adit::client {
namespace {

namespace json = boost::json;

std::string jobs_path(const std::string& pool) {
  return "/data-ingestion/api/v1/data-push/" + encode_segment(pool) + "/jobs/";
}

std::string job_path(const std::string& pool, const std::string& job) {
  return jobs_path(pool) + encode_segment(job);
}

std::string history_path(const std::string& pool) {
  return "/adit/api/v1/pools/" + encode_segment(pool) + "/history";
}

constexpr std::uint64_t kHistoryPage = 500;

}  // namespace

Result<JobView> AditApi::create_job(const std::string& pool, const JobRequest& request,
                                    const std::string& repeat_key) {
  ADIT_TRY(const auto answer, json_of(post(jobs_path(pool), create_body(request), repeat_key)));
  return job_view(answer);
}

Result<void> AditApi::upload(const std::string& pool, const std::string& job, const Piece& piece,
                             const std::string& repeat_key, const HttpClient::Progress& progress) {
  const auto path =
      job_path(pool, job) + (piece.operation == Operation::kDelete ? "/chunks/deleted" : "/chunks/upserted");
  const Headers headers{{"Idempotency-Key", repeat_key}, {"Adit-Sequence", std::to_string(piece.sequence)}};
  return success_of(repeated([&] { return http_.upload(path, piece.body, headers, progress); }));
}

Result<void> AditApi::execute(const std::string& pool, const std::string& job,
                              const std::string& repeat_key) {
  return success_of(post(job_path(pool, job), "", repeat_key));
}

Result<JobView> AditApi::job(const std::string& pool, const std::string& job) {
  ADIT_TRY(const auto answer, json_of(get(job_path(pool, job))));
  return job_view(answer);
}

Result<std::vector<JobView>> AditApi::jobs(const std::string& pool, const JobFilter& filter) {
  std::string path = jobs_path(pool);
  char before = '?';
  const auto add = [&](std::string_view name, const std::string& value) {
    path += before + std::string(name) + "=" + encode_segment(value);
    before = '&';
  };
  if (!filter.status.empty()) add("status", filter.status);
  if (!filter.table.empty()) add("targetName", filter.table);
  if (filter.limit) add("limit", std::to_string(*filter.limit));
  return views_of<JobView>(get(path), job_view);
}

Result<JobView> AditApi::cancel(const std::string& pool, const std::string& job) {
  int attempts = 0;
  const auto answer = repeated([&] {
    ++attempts;
    return http_.post(job_path(pool, job) + "/cancel", "");
  });
  // Asked again after a lost answer, the server says that the job has ended: it tells how.
  if (answer && answer->status == 409 && attempts > 1) return this->job(pool, job);
  ADIT_TRY(const auto ended, json_of(answer));
  return job_view(ended);
}

Result<json::array> AditApi::history(const std::string& pool, const HistoryRequest& request) {
  json::array jobs;
  std::string cursor;
  while (jobs.size() < request.limit) {
    auto path =
        history_path(pool) + "?limit=" + std::to_string(std::min(kHistoryPage, request.limit - jobs.size()));
    for (const auto& [name, value] : request.filters) path += "&" + name + "=" + encode_segment(value);
    if (!cursor.empty()) path += "&cursor=" + encode_segment(cursor);
    ADIT_TRY(const auto answer, json_of(get(path)));
    for (const auto& job : array_at(as_object(answer), "jobs")) jobs.push_back(job);
    cursor = text_at(as_object(answer), "next");
    if (cursor.empty()) break;
  }
  return jobs;
}

Result<json::value> AditApi::history_of(const std::string& pool, const std::string& job) {
  return json_of(get(history_path(pool) + "/" + encode_segment(job)));
}

Result<void> AditApi::delete_job(const std::string& pool, const std::string& job) {
  return remove(job_path(pool, job));
}

Result<std::vector<ChunkView>> AditApi::chunks(const std::string& pool, const std::string& job) {
  return views_of<ChunkView>(get(job_path(pool, job) + "/chunks"), chunk_view);
}

}  // namespace adit::client
