// Push jobs and their chunks.
#include <boost/json.hpp>

#include "client/adit_api.h"
#include "client/json_view.h"

namespace adit::client {
namespace {

std::string jobs_path(const std::string& pool) {
  return "/data-ingestion/api/v1/data-push/" + encode_segment(pool) + "/jobs/";
}

std::string job_path(const std::string& pool, const std::string& job) {
  return jobs_path(pool) + encode_segment(job);
}

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

Result<void> AditApi::delete_job(const std::string& pool, const std::string& job) {
  return remove(job_path(pool, job));
}

Result<std::vector<ChunkView>> AditApi::chunks(const std::string& pool, const std::string& job) {
  return views_of<ChunkView>(get(job_path(pool, job) + "/chunks"), chunk_view);
}

}  // namespace adit::client
