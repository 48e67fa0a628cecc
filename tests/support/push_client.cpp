#include "support/push_client.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "support/patience.h"

namespace adit::test {
namespace {

[[noreturn]] void unexpected(const std::string& what, const HttpResponse& response) {
  throw std::runtime_error(what + ": status " + std::to_string(response.status) + ", body " + response.body);
}

void demand(const std::string& what, const HttpResponse& response, int status) {
  if (response.status != status) unexpected(what, response);
}

void demand_empty(const std::string& what, const HttpResponse& response) {
  demand(what, response, 200);
  if (!response.body.empty()) unexpected(what + " should have an empty body", response);
}

std::string word(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

boost::json::object job_of(std::string_view type, std::string_view file_type, const std::string& table,
                           boost::json::object more) {
  boost::json::object spec{{"targetName", table}, {"type", type}, {"fileType", file_type}};
  for (auto& member : more) spec[member.key()] = member.value();
  return spec;
}

}  // namespace

std::string cell_text(const boost::json::value& cell) {
  if (cell.is_null()) return "NULL";
  if (cell.is_string()) return std::string(cell.as_string());
  return boost::json::serialize(cell);
}

bool is_final_status(std::string_view status) {
  return status == "DONE" || status == "ERROR" || status == "CANCELED";
}

std::string create_pool(Http& http, const std::string& name) {
  const auto response = http.post_json("/integration/api/pools", {{"name", name}});
  demand("create pool", response, 200);
  return std::string(response.json().at("id").as_string());
}

PoolClient::PoolClient(Http http, std::string pool, std::string prefix)
    : http_(std::move(http)), pool_(std::move(pool)), prefix_(std::move(prefix)) {}

PoolClient::PoolClient(const Server& server) : http_(server.http()), prefix_("/data-ingestion") {
  pool_ = create_pool(http_, "a pool of a test");
}

boost::json::object PoolClient::create(boost::json::object spec) {
  const auto response = try_create(std::move(spec));
  demand("create", response, 200);
  return response.json().as_object();
}

std::string PoolClient::create_job(boost::json::object spec) {
  return std::string(create(std::move(spec)).at("id").as_string());
}

HttpResponse PoolClient::try_upload(const std::string& job, std::string bytes) {
  return http_.upload_multipart(chunks_path(job), {{std::move(bytes)}});
}

void PoolClient::upload(const std::string& job, std::string bytes) {
  demand_empty("upload", try_upload(job, std::move(bytes)));
}

void PoolClient::upload_deleted(const std::string& job, std::string bytes) {
  demand_empty("upload", http_.upload_multipart(job_path(job) + "/chunks/deleted", {{std::move(bytes)}}));
}

void PoolClient::execute(const std::string& job) { demand_empty("execute", try_execute(job)); }

boost::json::object PoolClient::job(const std::string& job) {
  const auto response = http_.get(job_path(job));
  demand("get job", response, 200);
  return response.json().as_object();
}

std::string PoolClient::status(const std::string& job) { return word(this->job(job), "status"); }

boost::json::array PoolClient::chunks(const std::string& job) {
  const auto response = http_.get(job_path(job) + "/chunks");
  demand("list chunks", response, 200);
  return response.json().as_array();
}

boost::json::object PoolClient::wait(const std::string& job, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience * timeout;
  while (true) {
    auto now = this->job(job);
    if (is_final_status(word(now, "status"))) return now;
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("job did not end in time: " + boost::json::serialize(now));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

boost::json::array PoolClient::wait_staged(const std::string& job, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience * timeout;
  while (true) {
    auto now = chunks(job);
    const bool settled = std::ranges::all_of(now, [](const boost::json::value& chunk) {
      const auto state = field(chunk, "adit.state");
      return state == "STAGED" || state == "FAILED";
    });
    if (settled) return now;
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("chunks were not staged in time: " + boost::json::serialize(now));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

boost::json::object PoolClient::push(boost::json::object spec, const std::vector<std::string>& chunks) {
  const auto id = create_job(std::move(spec));
  for (const auto& chunk : chunks) upload(id, chunk);
  execute(id);
  return wait(id);
}

void PoolClient::push_done(boost::json::object spec, const std::vector<std::string>& chunks) {
  const auto job = push(std::move(spec), chunks);
  if (word(job, "status") != "DONE") throw std::runtime_error("not DONE: " + boost::json::serialize(job));
}

HttpResponse PoolClient::try_query(const std::string& sql) {
  return http_.post_json("/adit/api/v1/pools/" + pool_ + "/query", {{"sql", sql}, {"limit", 1'000'000}});
}

Rows PoolClient::rows(const std::string& sql) {
  const auto response = try_query(sql);
  demand("query", response, 200);
  const auto answer = response.json();
  if (answer.at("truncated").as_bool()) throw std::runtime_error("the answer was cut: " + sql);
  Rows result;
  for (const auto& row : answer.at("rows").as_array()) {
    auto& cells = result.emplace_back();
    for (const auto& cell : row.as_array()) cells.push_back(cell_text(cell));
  }
  return result;
}

std::string PoolClient::value(const std::string& sql) {
  const auto all = rows(sql);
  if (all.size() != 1 || all[0].size() != 1) throw std::runtime_error("not one cell: " + sql);
  return all[0][0];
}

std::vector<std::string> PoolClient::tables() {
  const auto response = http_.get("/integration/api/pools/" + pool_ + "/tables");
  demand("list tables", response, 200);
  std::vector<std::string> names;
  for (const auto& table : response.array()) names.emplace_back(table.at("name").as_string());
  std::ranges::sort(names);
  return names;
}

std::string logs_of(const boost::json::object& job) {
  std::string text;
  const auto* logs = job.if_contains("logs");
  if (logs == nullptr || !logs->is_array()) return text;
  for (const auto& line : logs->as_array()) text += std::string(line.as_string()) + "\n";
  return text;
}

boost::json::value field(const boost::json::value& value, std::string_view path) {
  const auto dot = path.find('.');
  const auto* object = value.if_object();
  const auto* member = object != nullptr ? object->if_contains(path.substr(0, dot)) : nullptr;
  if (member == nullptr) return nullptr;
  return dot == std::string_view::npos ? *member : field(*member, path.substr(dot + 1));
}

boost::json::object csv_job(const std::string& type, const std::string& table, boost::json::object more) {
  return job_of(type, "CSV", table, std::move(more));
}

boost::json::object parquet_job(const std::string& type, const std::string& table, boost::json::object more) {
  return job_of(type, "PARQUET", table, std::move(more));
}

}  // namespace adit::test
