#include "faults/tables.h"

#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

#include "support/push_client.h"

namespace adit::test {
namespace {

namespace json = boost::json;

struct Place {
  int pool;
  const char* connection;
  const char* name;
  Discipline discipline;
};

/// The same name may stand in a connection and globally.
constexpr Place kPlaces[] = {
    {0, "", "orders", Discipline::kLog},        {0, "", "items", Discipline::kKeyed},
    {0, "ERP", "orders", Discipline::kLog},     {0, "ERP", "orders copy", Discipline::kLog},
    {0, "CRM", "orders", Discipline::kKeyed},   {1, "", "people", Discipline::kKeyed},
    {1, "", "people copy", Discipline::kKeyed}, {1, "", "events", Discipline::kMixed},
    {2, "", "log", Discipline::kLog},           {2, "sources of all", "log", Discipline::kMixed},
};
constexpr int kPools = 3;

std::string connect(Http& http, const std::string& pool, const std::string& name) {
  const auto made = http.post_json("/integration/api/pools/" + pool + "/data-sources/", {{"name", name}});
  if (made.status != 200) throw std::runtime_error("create connection: " + made.body);
  return std::string(field(made.json(), "id").as_string());
}

TableRecord make_notes(Http& http, const std::string& pool) {
  TableRecord notes;
  notes.pool = pool;
  notes.name = "notes";
  notes.discipline = Discipline::kNotes;
  notes.content.emplace();
  const json::object schema{{"columns",
                             {{{"columnName", "k"}, {"columnType", "INTEGER"}},
                              {{"columnName", "src"}, {"columnType", "STRING"}},
                              {{"columnName", "v"}, {"columnType", "INTEGER"}}}}};
  PoolClient client(http.another(), pool);
  const auto job = client.create_job(csv_job("REPLACE", notes.name, {{"tableSchema", schema}}));
  client.upload(job, "k,src,v\n");
  client.execute(job);
  client.wait(job);
  if (client.try_delete(job).status != 204) throw std::runtime_error("the job of the notes can't be deleted");
  return notes;
}

std::string path_of(const TableRecord& table, const std::string& verb) {
  std::string name;
  for (const char c : table.name) name += c == ' ' ? "%20" : std::string(1, c);
  return "/adit/api/v1/pools/" + table.pool + "/tables/" + name + verb +
         (table.connection.empty() ? "" : "?schemaName=" + table.connection_id);
}

HttpRequest delete_rows(const TableRecord& table, const std::string& predicate) {
  return {"POST", path_of(table, "/delete-rows"), {}, json::serialize(json::object{{"where", predicate}})};
}

void wait_for_changes(Http& http, const std::string& pool) {
  const auto is_open = [&](const std::string& status) {
    const auto response =
        http.get("/adit/api/v1/pools/" + pool + "/history?kind=TABLE_CHANGE&limit=1&status=" + status);
    if (response.status != 200) throw std::runtime_error("the history was answered " + response.body);
    return !response.json().at("jobs").as_array().empty();
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (is_open("QUEUED") || is_open("RUNNING")) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("a change of a table in " + pool + " does not end");
    std::this_thread::sleep_for(std::chrono::milliseconds{3});
  }
}

}  // namespace

std::vector<TableRecord> make_tables(Http& http) {
  std::vector<TableRecord> tables;
  for (int number = 0; number < kPools; ++number) {
    const auto pool = create_pool(http, "torture");
    std::map<std::string, std::string> connections{{"", ""}};
    for (const auto& place : kPlaces) {
      if (place.pool != number) continue;
      TableRecord table;
      table.pool = pool;
      table.name = place.name;
      table.connection = place.connection;
      if (!connections.contains(table.connection))
        connections[table.connection] = connect(http, pool, table.connection);
      table.connection_id = connections[table.connection];
      table.discipline = place.discipline;
      tables.push_back(std::move(table));
    }
    tables.push_back(make_notes(http, pool));
  }
  return tables;
}

HttpRequest change_request(const JobRecord& job, const TableRecord& table) {
  if (job.kind == JobKind::kDrop) return {"DELETE", path_of(table, "")};
  if (job.kind == JobKind::kTruncate) return {"POST", path_of(table, "/truncate")};
  return delete_rows(table, job.predicate());
}

void finish_table_changes(Http& http, Model& model) {
  std::set<std::size_t> tables;
  for (const auto& job : model.jobs) {
    if (job->kind != JobKind::kPush && !job->settled && job->executed == Certainty::kUncertain)
      tables.insert(job->table);
  }
  for (const auto index : tables) {
    const auto response = http.send(delete_rows(model.tables[index], "false"));
    if (response.status == 200) model.changes_known.emplace(response.json().at("id").as_string());
    // 404: it is gone. What dropped it may still have to be noted.
    if (response.status == 404) wait_for_changes(http, model.tables[index].pool);
    if (response.status != 200 && response.status != 404)
      throw std::runtime_error("a change of " + model.tables[index].qualified_name() + " was answered " +
                               std::to_string(response.status) + " " + response.body);
  }
}

}  // namespace adit::test
