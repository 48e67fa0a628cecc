#include "api/event_text.h"

#include <boost/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "model/history_json.h"
#include "model/job_json.h"

namespace adit {
namespace {

namespace json = boost::json;

std::string message(std::optional<std::int64_t> id, std::string_view name, const json::object& data) {
  std::string text;
  if (id) text += "id: " + std::to_string(*id) + "\n";
  text += "event: ";
  text += name;
  // JSON has its line ends escaped: the data is one line.
  text += "\ndata: " + json::serialize(data) + "\n\n";
  return text;
}

/// What every event of a job says.
json::object data_of(const Event& event) {
  return json::object{{"jobId", event.job.to_string()},
                      {"targetName", event.target_name},
                      {"kind", event.change ? to_string(*event.change) : std::string_view("PUSH")},
                      {"at", to_epoch_ms(event.at)}};
}

json::object job_data(const Job& job) {
  const double progress = job.status == JobStatus::kDone ? 1 : 0;
  return job.spec.change ? history_json(job, progress, {}) : to_json(job, progress);
}

}  // namespace

std::string EventText::event(const Event& event) const {
  auto data = data_of(event);
  switch (event.kind) {
    case EventKind::kDeleted:
      return message(event.number, "deleted", data);
    case EventKind::kChunk:
      data["chunkId"] = event.chunk.value_or(ChunkId()).to_string();
      data["state"] = event.chunk_state ? to_string(*event.chunk_state) : std::string_view("REMOVED");
      data["rows"] = event.rows ? json::value(*event.rows) : json::value(nullptr);
      return message(event.number, "chunk", data);
    case EventKind::kJob:
      break;
  }
  const auto status = event.status.value_or(JobStatus::kNew);
  data["status"] = to_string(status);
  if (!is_final(status)) return message(event.number, "status", data);
  const auto job = catalog_.find_job(event.pool, event.job, true);
  if (job && *job) return ended(**job, event.number);
  if (!job) {
    log::error("a job's end is told without the job",
               {{"job", event.job}, {"detail", job.error().internal_detail}});
  }
  return message(event.number, "finished", data);
}

std::string EventText::ended(const Job& job, std::int64_t number) const {
  return message(number, "finished", job_data(job));
}

std::string EventText::progress(JobId job, double progress) const {
  return message(std::nullopt, "progress", {{"jobId", job.to_string()}, {"progress", progress}});
}

std::string EventText::lost(std::int64_t after, std::int64_t purged) const {
  return message(purged, "lost", {{"after", after}, {"upTo", purged}});
}

}  // namespace adit
