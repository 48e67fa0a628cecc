#include "client/adit_api.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/id.h"
#include "client/json_view.h"

namespace adit::client {
namespace {

namespace json = boost::json;

constexpr std::string_view kPools = "/adit/api/v1/pools";
constexpr std::string_view kKeys = "/adit/api/v1/keys";
constexpr std::size_t kNamesShownMax = 10;

std::string jobs_path(const std::string& pool) {
  return "/data-ingestion/api/v1/data-push/" + encode_segment(pool) + "/jobs/";
}

std::string job_path(const std::string& pool, const std::string& job) {
  return jobs_path(pool) + encode_segment(job);
}

PoolView pool_view(const json::value& value) {
  const auto& object = as_object(value);
  return {text_at(object, "id"), text_at(object, "name"), text_at(object, "description"),
          number_at(object, "createdAt").value_or(0)};
}

KeyView key_view(const json::value& value) {
  const auto& object = as_object(value);
  return {text_at(object, "id"),           text_at(object, "name"),
          text_at(object, "kind"),         number_at(object, "createdAt").value_or(0),
          number_at(object, "lastUsedAt"), text_at(object, "key")};
}

JobView job_view(const json::value& value) {
  const auto& object = as_object(value);
  const auto& adit = object_at(object, "adit");
  JobView job;
  job.id = text_at(object, "id");
  job.status = text_at(object, "status");
  job.phase = text_at(adit, "phase");
  job.progress = real_at(adit, "progress");
  job.rows_landed = count_at(adit, "rowsLanded").value_or(0);
  for (const auto& line : array_at(object, "logs")) {
    if (line.is_string()) job.logs.emplace_back(line.get_string());
  }
  return job;
}

ChunkView chunk_view(const json::value& value) {
  const auto& object = as_object(value);
  const auto& adit = object_at(object, "adit");
  ChunkView chunk{text_at(object, "id"), text_at(adit, "state"), {}};
  for (const auto& entry : array_at(adit, "errors")) {
    const auto& error = as_object(entry);
    chunk.problems.push_back({text_at(error, "message"), count_at(error, "row"), count_at(error, "line"),
                              optional_text_at(error, "column"), optional_text_at(error, "value")});
  }
  return chunk;
}

template <class View>
Result<std::vector<View>> views_of(const Result<Answer>& answer, View (*view)(const json::value&)) {
  ADIT_TRY(const auto parsed, json_of(answer));
  std::vector<View> views;
  if (parsed.is_array()) {
    for (const auto& entry : parsed.get_array()) views.push_back(view(entry));
  }
  return views;
}

json::object csv_options(const JobRequest& request) {
  json::object options;
  if (request.separator) options["separatorSequence"] = *request.separator;
  if (request.quote) options["quoteSequence"] = *request.quote;
  if (request.escape) options["escapeSequence"] = *request.escape;
  return options;
}

bool is_number_type(std::string_view type) {
  return type == "BIGINT" || type == "INTEGER" || type == "DOUBLE" || type == "HUGEINT" || type == "FLOAT" ||
         type == "SMALLINT" || type == "TINYINT" || type.starts_with("U") || type.starts_with("DECIMAL");
}

Cell cell_of(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_double()) {
    // JSON's writer says 4.2E-1; a person reads 0.42.
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.begin(), text.end(), value.get_double()).ptr;
    return std::string(text.begin(), end);
  }
  return json::serialize(value);
}

std::string names_of(const std::vector<PoolView>& pools) {
  if (pools.empty()) return "There is none yet.";
  std::string text = "There is: ";
  for (std::size_t i = 0; i < std::min(pools.size(), kNamesShownMax); ++i) {
    text += (i == 0 ? "" : ", ") + pools[i].name;
  }
  return text + (pools.size() > kNamesShownMax ? ", …" : ".");
}

}  // namespace

Result<std::vector<PoolView>> AditApi::pools() { return views_of<PoolView>(http_.get(kPools), pool_view); }

Result<PoolView> AditApi::create_pool(const std::string& name, const std::string& description) {
  const json::object body{{"name", name}, {"description", description}};
  ADIT_TRY(const auto answer, json_of(http_.post(kPools, json::serialize(body))));
  return pool_view(answer);
}

Result<std::string> AditApi::find_pool(const std::string& name_or_id) {
  if (Uuid::parse(name_or_id)) return name_or_id;
  ADIT_TRY(const auto all, pools());
  const auto found = std::ranges::find(all, name_or_id, &PoolView::name);
  if (found != all.end()) return found->id;
  return not_found("There is no pool named `" + name_or_id + "`. " + names_of(all));
}

Result<std::vector<KeyView>> AditApi::keys() { return views_of<KeyView>(http_.get(kKeys), key_view); }

Result<KeyView> AditApi::create_key(const std::string& name, const std::string& kind) {
  const json::object body{{"name", name}, {"kind", kind}};
  ADIT_TRY(const auto answer, json_of(http_.post(kKeys, json::serialize(body))));
  return key_view(answer);
}

Result<void> AditApi::delete_key(const std::string& id) {
  return success_of(http_.remove(std::string(kKeys) + "/" + encode_segment(id)));
}

Result<JobView> AditApi::create_job(const std::string& pool, const JobRequest& request) {
  json::object body{{"targetName", request.table}, {"type", request.type}, {"fileType", request.file_type}};
  if (!request.keys.empty()) body["keys"] = json::value_from(request.keys);
  if (auto options = csv_options(request); !options.empty()) body["csvParsingOptions"] = std::move(options);
  ADIT_TRY(const auto answer, json_of(http_.post(jobs_path(pool), json::serialize(body))));
  return job_view(answer);
}

Result<void> AditApi::upload(const std::string& pool, const std::string& job,
                             const std::filesystem::path& file, const HttpClient::Progress& progress) {
  return success_of(http_.post_file(job_path(pool, job) + "/chunks/upserted", file, progress));
}

Result<void> AditApi::execute(const std::string& pool, const std::string& job) {
  return success_of(http_.post(job_path(pool, job), ""));
}

Result<JobView> AditApi::job(const std::string& pool, const std::string& job) {
  ADIT_TRY(const auto answer, json_of(http_.get(job_path(pool, job))));
  return job_view(answer);
}

Result<JobView> AditApi::cancel(const std::string& pool, const std::string& job) {
  ADIT_TRY(const auto answer, json_of(http_.post(job_path(pool, job) + "/cancel", "")));
  return job_view(answer);
}

Result<std::vector<ChunkView>> AditApi::chunks(const std::string& pool, const std::string& job) {
  return views_of<ChunkView>(http_.get(job_path(pool, job) + "/chunks"), chunk_view);
}

Result<QueryView> AditApi::query(const std::string& pool, const std::string& sql, std::uint64_t limit,
                                 std::chrono::milliseconds timeout) {
  const json::object body{{"sql", sql}, {"limit", limit}, {"timeoutMs", timeout.count()}};
  auto answer =
      http_.post(std::string(kPools) + "/" + encode_segment(pool) + "/query", json::serialize(body));
  ADIT_TRY(const auto parsed, json_of(answer));
  const auto& object = as_object(parsed);
  QueryView view;
  for (const auto& entry : array_at(object, "columns")) {
    const auto& column = as_object(entry);
    view.table.columns.push_back({text_at(column, "name"), is_number_type(text_at(column, "type"))
                                                               ? TextTable::Align::kRight
                                                               : TextTable::Align::kLeft});
  }
  for (const auto& entry : array_at(object, "rows")) {
    std::vector<Cell> row;
    if (entry.is_array()) {
      for (const auto& cell : entry.get_array()) row.push_back(cell_of(cell));
    }
    view.table.rows.push_back(std::move(row));
  }
  view.truncated = flag_at(object, "truncated");
  view.elapsed = std::chrono::duration<double>(real_at(object, "elapsedMs") / 1000);
  view.body = std::move(answer->body);
  return view;
}

}  // namespace adit::client
