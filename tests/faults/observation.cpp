#include "faults/observation.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "faults/model.h"
#include "support/push_client.h"

namespace adit::test {
namespace {

namespace json = boost::json;

std::string jobs_path(const std::string& pool) {
  return "/data-ingestion/api/v1/data-push/" + pool + "/jobs/";
}

json::array get(Http& http, const std::string& path) {
  const auto response = http.get(path);
  if (response.status != 200) {
    throw std::runtime_error("GET " + path + " was answered " + std::to_string(response.status) + " " +
                             response.body);
  }
  return response.array();
}

std::string text_of(const json::value& value, std::string_view path) {
  const auto found = field(value, path);
  return found.is_string() ? std::string(found.as_string()) : std::string();
}

std::int64_t number_of(const json::value& value, std::string_view path) {
  const auto found = field(value, path);
  return found.is_number() ? found.to_number<std::int64_t>() : 0;
}

std::vector<ObservedChunk> read_chunks(Http& http, const ObservedJob& job) {
  std::vector<ObservedChunk> chunks;
  for (const auto& entry : get(http, jobs_path(job.pool) + job.id + "/chunks")) {
    ObservedChunk chunk;
    chunk.kind = text_of(entry, "type");
    chunk.checksum = text_of(entry, "checksum");
    chunk.state = text_of(entry, "adit.state");
    const auto rows = field(entry, "adit.rows");
    if (rows.is_number()) chunk.rows = rows.to_number<std::int64_t>();
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

/// Recovery stages the chunks of NEW jobs again: they are asked for until it has.
std::vector<ObservedChunk> read_settled_chunks(Http& http, const ObservedJob& job,
                                               std::chrono::steady_clock::time_point deadline) {
  while (true) {
    auto chunks = read_chunks(http, job);
    const bool settled = std::ranges::all_of(chunks, [](const ObservedChunk& chunk) {
      return chunk.state == "STAGED" || chunk.state == "FAILED";
    });
    if (settled || job.status != "NEW" || std::chrono::steady_clock::now() > deadline) return chunks;
    std::this_thread::sleep_for(std::chrono::milliseconds{3});
  }
}

ObservedJob read_job(const json::value& entry, const std::string& pool) {
  ObservedJob job;
  job.id = text_of(entry, "id");
  job.pool = pool;
  job.status = text_of(entry, "status");
  job.foreign_keys = text_of(entry, "foreignKeys");
  job.logs = logs_of(entry.as_object());
  job.created_ms = number_of(entry, "creationDate");
  job.rows_landed = number_of(entry, "adit.rowsLanded");
  return job;
}

/// More than a round makes, of a pool.
constexpr int kRememberedMax = 200;

/// The newest first.
json::array history_of(Http& http, const std::string& pool, const std::string& kind) {
  const auto response = http.get("/adit/api/v1/pools/" + pool + "/history?kind=" + kind +
                                 "&limit=" + std::to_string(kRememberedMax));
  if (response.status != 200) throw std::runtime_error("the history was answered " + response.body);
  return response.json().at("jobs").as_array();
}

void read_history(Http& http, const std::string& pool, Observed& observed) {
  for (const auto& entry : history_of(http, pool, "PUSH")) {
    observed.history[text_of(entry, "id")] = {text_of(entry, "status"), number_of(entry, "adit.rowsLanded")};
  }
  auto changes = history_of(http, pool, "TABLE_CHANGE");
  std::ranges::reverse(changes);
  for (const auto& entry : changes) {
    observed.changes.push_back({text_of(entry, "id"), pool, text_of(entry, "targetName"),
                                text_of(entry, "connectionId"), text_of(entry, "kind"),
                                text_of(entry, "status"), text_of(entry, "predicate"),
                                number_of(entry, "adit.rowsLanded")});
  }
}

std::optional<std::int64_t> number_in(const std::string& cell) {
  return cell == "NULL" ? std::nullopt : std::optional<std::int64_t>(std::stoll(cell));
}

/// A column that no chunk has brought yet reads as null. `table` as it is named in SQL.
std::vector<TableRow> read_table(PoolClient& client, const std::string& table) {
  std::set<std::string> columns;
  for (const auto& cells : client.rows("DESCRIBE " + table)) columns.insert(cells[0]);
  const auto v = columns.contains("v") ? "v" : "NULL";
  const auto w = columns.contains("w") ? "w" : "NULL";
  std::vector<TableRow> rows;
  for (const auto& cells :
       client.rows(std::string("SELECT k, src, ") + v + ", coalesce(epoch_ms(_CELONIS_CHANGE_DATE), 0), " +
                   w + " FROM " + table)) {
    rows.push_back(
        {std::stoll(cells[0]), cells[1], number_in(cells[2]), std::stoll(cells[3]), number_in(cells[4])});
  }
  std::ranges::sort(rows);
  return rows;
}

}  // namespace

std::string wait_settled(Http& http, const std::vector<std::string>& pools,
                         std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    std::string busy;
    for (const auto& pool : pools) {
      for (const char* status : {"QUEUED", "RUNNING"}) {
        for (const auto& job : get(http, jobs_path(pool) + "?status=" + status)) {
          busy += text_of(job, "foreignKeys") + " is " + text_of(job, "status") + "; ";
        }
      }
    }
    if (busy.empty() || std::chrono::steady_clock::now() > deadline) return busy;
    std::this_thread::sleep_for(std::chrono::milliseconds{3});
  }
}

Observed observe(Http& http, const std::vector<std::string>& pools,
                 const std::set<std::string>& without_chunks, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  Observed observed;
  for (const auto& pool : pools) {
    for (const auto& entry : get(http, jobs_path(pool))) {
      auto job = read_job(entry, pool);
      if (!without_chunks.contains(job.id)) job.chunks = read_settled_chunks(http, job, deadline);
      observed.jobs.push_back(std::move(job));
    }
    read_history(http, pool, observed);
    PoolClient client(http.another(), pool);
    for (const auto& entry : get(http, "/integration/api/pools/" + pool + "/tables")) {
      TableRecord table;
      table.name = text_of(entry, "name");
      table.connection = text_of(entry, "dataSourceName");
      const auto [place, is_new] = observed.tables.try_emplace({pool, table.qualified_name()});
      if (!is_new) throw std::runtime_error("the table " + table.qualified_name() + " is listed twice");
      place->second = read_table(client, table.sql_name());
    }
  }
  return observed;
}

}  // namespace adit::test
