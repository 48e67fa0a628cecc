#include "client/history_view.h"

#include "client/json_view.h"

namespace adit::client {

HistoryView history_view(const boost::json::value& value) {
  const auto& object = as_object(value);
  const auto& times = object_at(object, "times");
  HistoryView view;
  view.job = job_view(value);
  view.kind = text_at(object, "kind");
  view.deleted_ms = number_at(object, "deletedAt");
  view.executed_ms = number_at(times, "executed");
  view.started_ms = number_at(times, "started");
  view.first_chunk_ms = number_at(times, "firstChunk");
  view.last_chunk_ms = number_at(times, "lastChunk");
  view.claims = count_at(object, "claims").value_or(0);
  view.chunk_files_kept = flag_at(object, "chunkFilesKept");
  const auto& creator = object_at(object, "createdBy");
  for (const auto* name : {"userName", "userId"}) {
    if (view.created_by.empty()) view.created_by = text_at(creator, name);
  }
  if (const auto key = text_at(creator, "keyName"); !key.empty()) view.created_by += ", key " + key;
  for (const auto& chunk : array_at(object, "chunks")) view.chunks.push_back(chunk_view(chunk));
  for (const auto& name : array_at(object, "mirrorTargetNames")) {
    if (name.is_string()) view.mirrors.emplace_back(name.get_string());
  }
  return view;
}

}  // namespace adit::client
