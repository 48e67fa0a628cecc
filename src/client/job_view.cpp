#include "client/job_view.h"

#include <boost/json.hpp>
#include <charconv>

#include "client/json_view.h"

namespace adit::client {
namespace {

namespace json = boost::json;

json::object csv_options(const JobRequest& request) {
  json::object options;
  if (request.separator) options["separatorSequence"] = *request.separator;
  if (request.quote) options["quoteSequence"] = *request.quote;
  if (request.escape) options["escapeSequence"] = *request.escape;
  return options;
}

// Milliseconds are sent as a number, all else as text that the server reads as ISO 8601.
json::value date_value(const std::string& text) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error == std::errc() && end == text.data() + text.size()) return ms;
  return json::value(text);
}

std::vector<std::string> texts_at(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& entry : array_at(object, name)) {
    if (entry.is_string()) texts.emplace_back(entry.get_string());
  }
  return texts;
}

}  // namespace

std::string create_body(const JobRequest& request) {
  json::object body{{"targetName", request.table}, {"type", request.type}, {"fileType", request.file_type}};
  if (!request.keys.empty()) body["keys"] = json::value_from(request.keys);
  if (auto options = csv_options(request); !options.empty()) body["csvParsingOptions"] = std::move(options);
  if (request.table_schema) {
    json::error_code code;
    body["tableSchema"] = json::parse(*request.table_schema, code);
  }
  if (request.upsert_strategy) body["upsertStrategy"] = *request.upsert_strategy;
  if (request.fallback_varchar_length) body["fallbackVarcharLength"] = *request.fallback_varchar_length;
  if (request.change_date) body["changeDate"] = date_value(*request.change_date);
  if (request.foreign_keys) body["foreignKeys"] = *request.foreign_keys;
  if (request.connection) body["connectionId"] = *request.connection;
  return json::serialize(body);
}

JobView job_view(const json::value& value) {
  const auto& object = as_object(value);
  const auto& adit = object_at(object, "adit");
  JobView job;
  job.id = text_at(object, "id");
  job.table = text_at(object, "targetName");
  job.type = text_at(object, "type");
  job.file_type = text_at(object, "fileType");
  job.keys = texts_at(object, "keys");
  job.status = text_at(object, "status");
  job.phase = text_at(adit, "phase");
  job.progress = real_at(adit, "progress");
  job.chunks = count_at(adit, "chunks").value_or(0);
  job.bytes = count_at(adit, "bytes").value_or(0);
  job.rows_staged = count_at(adit, "rowsStaged").value_or(0);
  job.rows_landed = count_at(adit, "rowsLanded").value_or(0);
  job.created_ms = number_at(object, "creationDate").value_or(0);
  job.finished_ms = number_at(adit, "finishedAt").value_or(0);
  job.logs = texts_at(object, "logs");
  return job;
}

ChunkView chunk_view(const json::value& value) {
  const auto& object = as_object(value);
  const auto& adit = object_at(object, "adit");
  ChunkView chunk;
  chunk.id = text_at(object, "id");
  chunk.type = text_at(object, "type");
  chunk.state = text_at(adit, "state");
  chunk.checksum = text_at(object, "checksum");
  chunk.bytes = count_at(adit, "bytes").value_or(0);
  chunk.rows = count_at(adit, "rows");
  for (const auto& entry : array_at(adit, "errors")) {
    const auto& error = as_object(entry);
    chunk.problems.push_back({text_at(error, "message"), count_at(error, "row"), count_at(error, "line"),
                              count_at(error, "byte"), optional_text_at(error, "column"),
                              optional_text_at(error, "value")});
  }
  return chunk;
}

}  // namespace adit::client
