#include "faults/operations.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "faults/tables.h"
#include "support/push_client.h"
#include "support/test_data.h"

namespace adit::test {
namespace {

namespace json = boost::json;

constexpr std::int64_t kRowsMax = 300;
constexpr std::int64_t kKeys = 400;
/// A table with more rows than this is replaced rather than appended to.
constexpr std::size_t kTableRowsMax = 3000;

/// Ends a worker in good order: its server is gone, or is on its way out.
struct ServerGone {};

json::object schema(const JobRecord& job) {
  json::array columns{{{"columnName", "k"}, {"columnType", "INTEGER"}},
                      {{"columnName", "src"}, {"columnType", "STRING"}},
                      {{"columnName", "v"}, {"columnType", "INTEGER"}}};
  if (job.knows_w) columns.push_back({{"columnName", "w"}, {"columnType", "INTEGER"}});
  return {{"columns", std::move(columns)}};
}

/// How many rows of the job are in its table, as a row of the table of notes.
std::string note_sql(const JobRecord& job, const std::vector<TableRecord>& tables) {
  const auto number = std::to_string(job.number);
  return "INSERT INTO " + tables[*job.notes].sql_name() + " (k, src, v) SELECT " + number +
         ", 'note', count(*) FROM " + tables[job.table].sql_name() + " WHERE src LIKE 'j" + number + "c%'";
}

json::object specification(const JobRecord& job, const std::vector<TableRecord>& tables, bool with_schema) {
  const auto& table = tables[job.table];
  json::object spec{{"targetName", table.name},
                    {"type", job.replace ? "REPLACE" : "DELTA"},
                    {"fileType", job.parquet ? "PARQUET" : "CSV"},
                    {"foreignKeys", job.foreign_keys()},
                    {"changeDate", job.change_ms}};
  if (job.keyed) spec["keys"] = json::array{"k"};
  if (job.allows_duplicates) spec["allowDuplicate"] = true;
  if (job.nullifies) spec["upsertStrategy"] = "UPSERT_WITH_NULLIFICATION";
  if (with_schema) spec["tableSchema"] = schema(job);
  if (!table.connection.empty() && job.number % 2 == 0) spec["connectionId"] = table.connection_id;
  if (!table.connection.empty() && job.number % 2 != 0) spec["targetSchema"] = table.connection;
  json::array mirrors;
  for (const auto mirror : job.mirrors) mirrors.emplace_back(tables[mirror].name);
  if (!mirrors.empty()) spec["mirrorTargetNames"] = std::move(mirrors);
  if (job.notes) spec["postExecutionQuery"] = note_sql(job, tables);
  return spec;
}

Fingerprint fingerprint_in(const json::array& cells, std::size_t from) {
  return {true, std::stoll(cell_text(cells.at(from))), std::stoll(cell_text(cells.at(from + 1))),
          std::stoll(cell_text(cells.at(from + 2)))};
}

bool has_v(const ChunkRecord& chunk) { return chunk.kind == ChunkKind::kUpsert && chunk.columns.v; }

int rank(const std::string& status) {
  if (status == "NEW") return 0;
  if (status == "QUEUED") return 1;
  return status == "RUNNING" ? 2 : 3;
}

}  // namespace

Worker::Worker(RoundContext& context, Rng rng, int number)
    : context_(context),
      rng_(rng),
      name_("w" + std::to_string(number) + " "),
      http_(context.address, context.key) {}

void Worker::run() {
  try {
    while (!context_.stop) step();
  } catch (const ServerGone&) {
  } catch (const std::exception& error) {
    context_.history.violation(name_ + "an answer that is none: " + error.what());
  }
}

void Worker::step() {
  const auto choice = rng_.below(100);
  if (choice < 52) return push_new_job();
  if (choice < 74) return continue_job();
  if (choice < 80) return change_a_table();
  if (choice < 90) return read_two_tables();
  read_a_table();
}

HttpResponse Worker::send(const std::string& what, HttpRequest request) {
  context_.history.note(name_ + "> " + what);
  try {
    auto response = http_.send(std::move(request));
    context_.history.note(name_ + "< " + what + ": " + std::to_string(response.status));
    if (response.status == 503 && (context_.terminating || context_.power_is_off())) throw ServerGone{};
    return response;
  } catch (const TransportError& error) {
    context_.history.note(name_ + "< " + what + ": " + error.what());
    throw ServerGone{};
  }
}

void Worker::unexpected(const std::string& what, const HttpResponse& response) {
  context_.history.violation(name_ + what + " was answered " + std::to_string(response.status) + " " +
                             response.body);
  context_.stop = true;
}

std::string Worker::jobs_path(const JobRecord& job) const {
  return "/data-ingestion/api/v1/data-push/" + context_.model.tables[job.table].pool + "/jobs/";
}

std::string Worker::job_path(const JobRecord& job) const { return jobs_path(job) + job.id; }

void Worker::push_new_job() {
  auto& job = context_.model.add_job();
  pick_tables(job);
  const auto& table = context_.model.tables[job.table];
  job.keyed =
      table.discipline == Discipline::kKeyed || (table.discipline == Discipline::kMixed && rng_.chance(50));
  job.allows_duplicates = table.discipline == Discipline::kLog
                              ? rng_.chance(15)
                              : table.discipline == Discipline::kMixed && rng_.chance(15);
  job.keyed = job.keyed || job.allows_duplicates;
  job.replace = rng_.chance(25) || (table.content && table.content->size() > kTableRowsMax);
  job.parquet = rng_.chance(50);
  job.nullifies = rng_.chance(40);
  job.knows_w = table.discipline != Discipline::kMixed && rng_.chance(40);
  job.change_ms = kFirstChangeMs + 1000 * static_cast<std::int64_t>(job.number) + rng_.between(0, 999);
  if (!create(job)) return;
  upload_some(job, static_cast<int>(rng_.between(1, 4)));
  finish(job);
}

bool Worker::create(JobRecord& job) {
  const auto table = context_.model.tables[job.table].qualified_name();
  // Text alone does not say that k is a number in a file without rows.
  const bool with_schema = !job.parquet || rng_.chance(50);
  job.created = Certainty::kUncertain;
  const auto response = send(
      "create " + job.name() + " for " + table,
      {"POST", jobs_path(job), {}, json::serialize(specification(job, context_.model.tables, with_schema))});
  if (response.status != 200) {
    job.created = Certainty::kNo;
    unexpected("create", response);
    return false;
  }
  job.id = response.json().at("id").as_string();
  job.created = Certainty::kYes;
  return true;
}

void Worker::continue_job() {
  auto* job = context_.model.take_idle(rng_);
  if (job == nullptr) return push_new_job();
  upload_some(*job, static_cast<int>(rng_.between(job->chunks.empty() ? 1 : 0, 2)));
  finish(*job);
}

void Worker::pick_tables(JobRecord& job) {
  const auto& tables = context_.model.tables;
  do job.table = static_cast<std::size_t>(rng_.below(tables.size()));
  while (tables[job.table].discipline == Discipline::kNotes);
  const auto& target = tables[job.table];
  const bool mirrors = rng_.chance(25);
  const bool notes = rng_.chance(10);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (i == job.table || tables[i].pool != target.pool) continue;
    if (notes && tables[i].discipline == Discipline::kNotes) job.notes = i;
    if (mirrors && tables[i].connection == target.connection && tables[i].discipline == target.discipline)
      job.mirrors.push_back(i);
  }
}

void Worker::read_a_table() {
  const auto index = static_cast<std::size_t>(rng_.below(context_.model.tables.size()));
  const auto& table = context_.model.tables[index];
  const json::object body{{"sql", "SELECT " + fingerprint_columns() + " FROM " + table.sql_name()}};
  Read read{.begun = std::chrono::steady_clock::now(), .ended = {}, .seen = {}, .reader = name_};
  const auto response =
      send("query " + table.qualified_name(),
           {"POST", "/adit/api/v1/pools/" + table.pool + "/query", {}, json::serialize(body)});
  read.ended = std::chrono::steady_clock::now();
  if (response.status == 503 && context_.engines_end) return;
  // 400: there is no such table at the moment.
  if (response.status != 200 && response.status != 400) return unexpected("query", response);
  if (response.status == 200) {
    const auto answer = response.json();
    const auto& cells = answer.at("rows").as_array().at(0).as_array();
    read.seen = fingerprint_in(cells, 0);
  }
  context_.model.add_read(index, std::move(read));
}

void Worker::read_two_tables() {
  const auto& tables = context_.model.tables;
  PairRead read{.tables = {}, .begun = {}, .ended = {}, .seen = {}, .reader = name_};
  auto& [first, second] = read.tables;
  do {
    first = static_cast<std::size_t>(rng_.below(tables.size()));
    second = static_cast<std::size_t>(rng_.below(tables.size()));
  } while (first == second || tables[first].pool != tables[second].pool);
  const auto sums_of = [&](std::size_t index) {
    return "(SELECT " + fingerprint_columns() + " FROM " + tables[index].sql_name() + ")";
  };
  const json::object body{{"sql", "SELECT * FROM " + sums_of(first) + " a, " + sums_of(second) + " b"}};
  read.begun = std::chrono::steady_clock::now();
  const auto response =
      send("query " + tables[first].qualified_name() + " and " + tables[second].qualified_name(),
           {"POST", "/adit/api/v1/pools/" + tables[first].pool + "/query", {}, json::serialize(body)});
  read.ended = std::chrono::steady_clock::now();
  // 400: one of them is not there at the moment.
  if (response.status == 400 || (response.status == 503 && context_.engines_end)) return;
  if (response.status != 200) return unexpected("query of two tables", response);
  const auto answer = response.json();
  const auto& cells = answer.at("rows").as_array().at(0).as_array();
  read.seen = {fingerprint_in(cells, 0), fingerprint_in(cells, 3)};
  context_.model.add_read(std::move(read));
}

void Worker::change_a_table() {
  auto& job = context_.model.add_job();
  do job.table = static_cast<std::size_t>(rng_.below(context_.model.tables.size()));
  while (context_.model.tables[job.table].discipline == Discipline::kNotes);
  const auto choice = rng_.below(100);
  job.kind = choice < 60 ? JobKind::kDeleteRows : choice < 85 ? JobKind::kTruncate : JobKind::kDrop;
  job.modulus = rng_.between(2, 9);
  const auto& table = context_.model.tables[job.table];
  const std::lock_guard lock(*table.execute_order);
  job.execute_sequence = context_.model.next_execute_sequence();
  job.execute_begun = std::chrono::steady_clock::now();
  job.executed = Certainty::kUncertain;
  const auto response = send(job.name() + " of " + table.qualified_name(), change_request(job, table));
  if (response.status == 404) {  // there is no such table at the moment
    job.executed = Certainty::kNo;
    return;
  }
  if (response.status == 200 || response.status == 202) job.id = response.json().at("id").as_string();
  // It may come later where its answer doesn't tell.
  if (response.status == 202 || (response.status == 503 && context_.engines_end)) return;
  if (response.status != 200) return unexpected(job.name(), response);
  job.executed = Certainty::kYes;
  job.done_seen = std::chrono::steady_clock::now();
  job.rows_said = field(response.json(), "rows").to_number<std::int64_t>();
  if (field(response.json(), "status") != "DONE") unexpected(job.name(), response);
}

ChunkRecord Worker::make_chunk(const JobRecord& job, ChunkKind kind, std::string& bytes) {
  ChunkRecord chunk;
  chunk.kind = kind;
  const auto number = static_cast<int>(job.chunks.size() + job.uncertain_chunks.size());
  if (kind == ChunkKind::kUpsert && context_.model.tables[job.table].discipline != Discipline::kMixed)
    chunk.columns = {.v = rng_.chance(70), .w = job.knows_w && rng_.chance(70)};
  chunk.rows = make_rows(rng_, job.number, number, job.change_ms, kRowsMax, kKeys, chunk.columns);
  chunk.row_count = chunk.rows.size();
  if (kind == ChunkKind::kUpsert) {
    bytes = job.parquet ? parquet_bytes(chunk.rows, chunk.columns) : csv_bytes(chunk.rows, chunk.columns);
  } else {
    bytes = job.parquet ? parquet_key_bytes(chunk.rows) : csv_key_bytes(chunk.rows);
  }
  chunk.checksum = sha256_hex(bytes);
  return chunk;
}

void Worker::upload_some(JobRecord& job, int uploads) {
  for (int i = 0; i < uploads && !context_.stop; ++i) {
    if (rng_.chance(5)) upload_rubbish(job);
    if (rng_.chance(5)) vanish_while_uploading(job);
    upload(job);
  }
}

void Worker::upload(JobRecord& job) {
  // The first chunk is an upsert, so that there are columns to make a table of.
  const bool removes = job.upserts() && !job.chunks.empty() && rng_.chance(20);
  const auto kind = removes ? ChunkKind::kDelete : ChunkKind::kUpsert;
  std::vector<UploadPart> parts(rng_.chance(15) ? 2 : 1);
  for (auto& part : parts) job.uncertain_chunks.push_back(make_chunk(job, kind, part.bytes));
  HttpRequest request{"POST", job_path(job) + (removes ? "/chunks/deleted" : "/chunks/upserted"), {}, {}};
  if (parts.size() == 1 && rng_.chance(30)) {
    request.headers = {{"Content-Type", "application/octet-stream"}};
    request.body = parts[0].bytes;
  } else {
    request.headers = {{"Content-Type", "multipart/form-data; boundary=torture"}};
    request.body = multipart_body(parts, "torture");
  }
  const auto response = send(
      "upload of " + std::to_string(parts.size()) + (removes ? " delete" : "") + " chunk(s) to " + job.name(),
      std::move(request));
  if (response.status == 200) {
    std::ranges::move(job.uncertain_chunks, std::back_inserter(job.chunks));
  } else {
    unexpected("upload to " + job.name(), response);
  }
  job.uncertain_chunks.clear();
}

void Worker::upload_rubbish(const JobRecord& job) {
  const std::string rubbish = job.parquet ? "k,src,v\n1,this is no Parquet,2\n" : "";
  const auto response = send(
      "upload of rubbish to " + job.name(),
      {"POST", job_path(job) + "/chunks/upserted", {{"Content-Type", "application/octet-stream"}}, rubbish});
  if (response.status != 400) unexpected("rubbish", response);
}

void Worker::vanish_while_uploading(const JobRecord& job) {
  context_.history.note(name_ + "vanishes while uploading to " + job.name());
  try {
    RawConnection connection(context_.address);
    connection.send("POST " + job_path(job) +
                    "/chunks/upserted HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + context_.key +
                    "\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\nk,src,v\n1,half a ch");
    if (rng_.chance(50)) std::this_thread::sleep_for(std::chrono::milliseconds{rng_.below(5)});
    connection.reset();
  } catch (const TransportError&) {
    throw ServerGone{};
  }
}

void Worker::finish(JobRecord& job) {
  if (context_.stop) return context_.model.give_back(job);
  const auto choice = rng_.below(100);
  if (choice < 15) return context_.model.give_back(job);
  if (choice < 20) return cancel(job);
  if (choice < 25) return remove(job);
  execute(job);
}

void Worker::execute(JobRecord& job) {
  {
    // One execute at a time per table, so that their order is known.
    std::vector<std::unique_lock<std::mutex>> locks;
    for (std::size_t i = 0; i < context_.model.tables.size(); ++i) {
      if (job.touches(i)) locks.emplace_back(*context_.model.tables[i].execute_order);
    }
    job.execute_begun = std::chrono::steady_clock::now();
    job.execute_sequence = context_.model.next_execute_sequence();
    job.executed = Certainty::kUncertain;
    job.greatest_v = job.upserts() && rng_.chance(30) && std::ranges::any_of(job.chunks, has_v);
    const std::string query = job.greatest_v ? "?duplicateRemovalColumn=v" : "";
    const auto response = send("execute " + job.name() + query, {"POST", job_path(job) + query});
    job.executed = response.status == 200 ? Certainty::kYes : Certainty::kNo;
    if (response.status != 200) return unexpected("execute of " + job.name(), response);
  }
  if (rng_.chance(10)) {
    const auto again = send("execute again " + job.name(), {"POST", job_path(job)});
    if (again.status != 409) return unexpected("a second execute of " + job.name(), again);
  }
  follow(job);
}

void Worker::follow(JobRecord& job) {
  const auto choice = rng_.below(100);
  if (choice < 12) return cancel(job);
  if (choice < 20) return remove(job);
  if (choice < 50) return;
  wait_final(job);
  if (is_final_status(job.last_status) && rng_.chance(25)) remove(job);
}

void Worker::cancel(JobRecord& job) {
  if (rng_.chance(50)) std::this_thread::sleep_for(std::chrono::milliseconds{rng_.below(15)});
  job.canceled = Certainty::kUncertain;
  const auto response = send("cancel " + job.name(), {"POST", job_path(job) + "/cancel"});
  if (response.status == 200) {
    const auto answer = response.json();
    const auto status = answer.at("status").as_string();
    job.canceled = status == "CANCELED" ? Certainty::kYes : Certainty::kNo;
    if (!is_final_status(status)) unexpected("cancel of " + job.name(), response);
    return saw(job, answer);
  }
  job.canceled = Certainty::kNo;
  if (response.status != 409 || job.executed != Certainty::kYes)
    return unexpected("cancel of " + job.name(), response);
  wait_final(job);
}

void Worker::remove(JobRecord& job) {
  job.deleted = Certainty::kUncertain;
  job.delete_tried = true;
  const auto response = send("delete " + job.name(), {"DELETE", job_path(job)});
  job.deleted = response.status == 204 ? Certainty::kYes : Certainty::kNo;
  if (response.status != 204) unexpected("delete of " + job.name(), response);
}

void Worker::wait_final(JobRecord& job) {
  while (!context_.stop) {
    const auto response = send("get " + job.name(), {"GET", job_path(job)});
    if (response.status != 200) return unexpected("get of " + job.name(), response);
    saw(job, response.json());
    if (is_final_status(job.last_status)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

void Worker::saw(JobRecord& job, const json::value& answer) {
  const std::string status(answer.at("status").as_string());
  if (rank(status) < rank(job.last_status) || (rank(job.last_status) == 3 && status != job.last_status)) {
    context_.history.violation(job.name() + " went from " + job.last_status + " to " + status);
  }
  if (status == "ERROR") context_.history.violation(job.name() + " ended in ERROR though its data is good");
  if (status == "DONE") {
    job.done_seen = std::min(job.done_seen, std::chrono::steady_clock::now());
    job.landed_said = field(answer, "adit.rowsLanded").to_number<std::int64_t>();
  }
  job.last_status = status;
}

}  // namespace adit::test
