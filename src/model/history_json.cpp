#include "model/history_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "model/job_json.h"

namespace adit {
namespace {

namespace json = boost::json;

json::value time_or_null(const std::optional<Timestamp>& time) {
  return time ? json::value(to_epoch_ms(*time)) : json::value(nullptr);
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value creator_json(const std::optional<JobCreator>& creator, const CreatorNames& names) {
  if (!creator) return nullptr;
  return json::object{{"userId", creator->user.to_string()},
                      {"userName", text_or_null(names.user)},
                      {"keyId", creator->key.to_string()},
                      {"keyName", text_or_null(names.key)}};
}

json::object times_json(const Job& job) {
  return json::object{{"created", to_epoch_ms(job.created)},
                      {"executed", time_or_null(job.executed)},
                      {"started", time_or_null(job.started)},
                      {"finished", time_or_null(job.finished)},
                      {"deleted", time_or_null(job.deleted_at)}};
}

}  // namespace

std::string_view kind_of(const Job& job) {
  return job.spec.change ? to_string(job.spec.change->kind) : std::string_view("PUSH");
}

json::object history_json(const Job& job, double progress, const CreatorNames& creator) {
  auto object = to_json(job, progress);
  object["kind"] = kind_of(job);
  if (job.spec.change) {
    object["type"] = nullptr;
    object["fileType"] = nullptr;
    const bool known = job.spec.change->kind == TableChangeKind::kDelete && job.chunk_files_kept;
    object["predicate"] = known ? json::value(job.spec.change->predicate) : json::value(nullptr);
  }
  object["deletedAt"] = time_or_null(job.deleted_at);
  object["claims"] = job.claims;
  object["chunkFilesKept"] = job.chunk_files_kept;
  object["createdBy"] = creator_json(job.creator, creator);
  object["times"] = times_json(job);
  return object;
}

json::object history_json(const Job& job, double progress, const CreatorNames& creator,
                          const std::vector<Chunk>& chunks) {
  auto object = history_json(job, progress, creator);
  std::optional<Timestamp> first;
  std::optional<Timestamp> last;
  json::array list;
  for (const auto& chunk : chunks) {
    first = std::min(first.value_or(chunk.created), chunk.created);
    last = std::max(last.value_or(chunk.created), chunk.created);
    list.push_back(to_json(chunk));
  }
  auto& times = object["times"].get_object();
  times["firstChunk"] = time_or_null(first);
  times["lastChunk"] = time_or_null(last);
  object["chunks"] = std::move(list);
  return object;
}

}  // namespace adit
