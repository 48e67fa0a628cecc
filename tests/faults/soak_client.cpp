#include "faults/soak_client.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "support/raw_connection.h"
#include "support/test_data.h"

namespace adit::test {
namespace {

constexpr int kKeys = 5000;
constexpr int kRowsOfAPush = 500;
constexpr int kAppendsBeforeTruncate = 50;

std::string rows_of(Rng& rng, int rows) {
  std::string csv = "id,v,t\n";
  for (int i = 0; i < rows; ++i) {
    csv += std::to_string(rng.below(kKeys)) + "," + std::to_string(rng.below(1'000'000)) + ",text " +
           std::to_string(rng.below(100)) + "\n";
  }
  return csv;
}

}  // namespace

SoakClient::SoakClient(const Server& server, std::string pool, int number, Rng rng,
                       const std::vector<std::string>& only)
    : address_(server.address()),
      key_(server.admin_key()),
      client_(server.http(), std::move(pool)),
      number_(number),
      rng_(std::move(rng)) {
  for (const auto& act : all_acts()) {
    if (only.empty() || std::ranges::find(only, act.name) != only.end()) acts_.push_back(act);
  }
  if (acts_.empty()) throw std::invalid_argument("no such act");
}

const std::vector<SoakClient::Act>& SoakClient::all_acts() {
  static const std::vector<Act> kActs{{"replace of CSV", 10, &SoakClient::replace_csv},
                                      {"replace of Parquet", 4, &SoakClient::replace_parquet},
                                      {"append", 15, &SoakClient::append},
                                      {"upsert", 15, &SoakClient::upsert},
                                      {"upsert and delete", 8, &SoakClient::upsert_and_delete},
                                      {"cancel", 6, &SoakClient::cancel},
                                      {"job deleted", 6, &SoakClient::delete_job},
                                      {"query", 15, &SoakClient::query},
                                      {"download", 5, &SoakClient::download},
                                      {"table dropped", 2, &SoakClient::drop_table},
                                      {"upload refused", 5, &SoakClient::fail_upload},
                                      {"upload broken off", 5, &SoakClient::break_off_upload},
                                      {"wrong rows", 4, &SoakClient::land_wrong_rows},
                                      {"no key", 5, &SoakClient::come_without_key}};
  return kActs;
}

void SoakClient::act() {
  unsigned weights = 0;
  for (const auto& act : acts_) weights += act.weight;
  auto lot = static_cast<unsigned>(rng_.below(weights));
  for (const auto& act : acts_) {
    if (lot >= act.weight) {
      lot -= act.weight;
      continue;
    }
    try {
      (this->*act.act)();
    } catch (const std::exception& error) {
      throw std::runtime_error(std::string(act.name) + ": " + error.what());
    }
    ++counts_[act.name];
    return;
  }
}

std::string SoakClient::table_path(const std::string& name) const {
  return "/adit/api/v1/pools/" + client_.pool() + "/tables/" + name;
}

void SoakClient::demand(const HttpResponse& response, int status) const {
  if (response.status == status) return;
  throw std::runtime_error("status " + std::to_string(response.status) + " and not " +
                           std::to_string(status) + ", " + response.body.substr(0, 300));
}

void SoakClient::replace_csv() {
  client_.push_done(csv_job("REPLACE", table("replaced")), {rows_of(rng_, 2000)});
}

void SoakClient::replace_parquet() {
  const auto seed = std::to_string(rng_.below(1'000'000));
  client_.push_done(parquet_job("REPLACE", table("parquet")),
                    {parquet_of("SELECT range AS id, range * " + seed +
                                " AS v, 'text ' || range % 100 AS t FROM range(20000)")});
}

void SoakClient::append() {
  client_.push_done(csv_job("DELTA", table("appended")), {rows_of(rng_, 100)});
  if (++appends_ % kAppendsBeforeTruncate == 0)
    demand(client_.http().post(table_path(table("appended")) + "/truncate"), 200);
}

void SoakClient::upsert() {
  client_.push_done(csv_job("DELTA", table("upserted"), {{"keys", {"id"}}}), {rows_of(rng_, kRowsOfAPush)});
}

void SoakClient::upsert_and_delete() {
  const auto job = client_.create_job(csv_job("DELTA", table("upserted"), {{"keys", {"id"}}}));
  client_.upload(job, rows_of(rng_, kRowsOfAPush));
  client_.upload_deleted(job, "id\n" + std::to_string(rng_.below(kKeys)) + "\n");
  client_.execute(job);
  if (field(client_.wait(job), "status") != "DONE") throw std::runtime_error("job " + job + " is not DONE");
}

void SoakClient::cancel() {
  const auto job = client_.create_job(csv_job("REPLACE", table("canceled")));
  client_.upload(job, rows_of(rng_, kRowsOfAPush));
  if (rng_.chance(50)) client_.execute(job);
  const auto answer = client_.try_cancel(job);
  if (answer.status != 409) demand(answer, 200);  // it may have landed by then
}

void SoakClient::delete_job() {
  const auto job = client_.create_job(csv_job("REPLACE", table("deleted")));
  client_.upload(job, rows_of(rng_, kRowsOfAPush));
  if (rng_.chance(50)) {
    client_.execute(job);
    client_.wait(job);
  }
  demand(client_.try_delete(job), 204);
}

void SoakClient::query() {
  const auto answer = client_.try_query("SELECT 1 AS one");
  if (answer.status != 503) demand(answer, 200);  // all places for queries may be taken
}

void SoakClient::download() {
  client_.push_done(csv_job("REPLACE", table("read")), {rows_of(rng_, kRowsOfAPush)});
  HeaderList headers;
  if (rng_.chance(50)) headers.emplace_back("Accept", "application/vnd.apache.parquet");
  const auto answer = client_.http().send({"GET", table_path(table("read")) + "/rows", headers});
  if (answer.status != 503) demand(answer, 200);
}

void SoakClient::drop_table() {
  client_.push_done(csv_job("REPLACE", table("dropped")), {rows_of(rng_, kRowsOfAPush)});
  demand(client_.http().del(table_path(table("dropped"))), 200);
}

void SoakClient::fail_upload() {
  const auto job = client_.create_job(parquet_job("REPLACE", table("refused")));
  demand(client_.try_upload(job, "this is no Parquet"), 400);
  demand(client_.try_delete(job), 204);
}

void SoakClient::break_off_upload() {
  const auto job = client_.create_job(csv_job("REPLACE", table("broken_off")));
  RawConnection connection(address_);
  connection.send("POST " + client_.chunks_path(job) + " HTTP/1.1\r\nHost: soak\r\nAuthorization: Bearer " +
                  key_ + "\r\nContent-Length: 1000000\r\n\r\n" + rows_of(rng_, kRowsOfAPush));
  if (rng_.chance(50)) connection.reset();
}

void SoakClient::land_wrong_rows() {
  const auto columns = boost::json::array{{{"columnName", "id"}, {"columnType", "INTEGER"}}};
  const auto job = client_.create_job(csv_job(
      "REPLACE", table("wrong"), {{"tableSchema", {{"tableName", table("wrong")}, {"columns", columns}}}}));
  client_.upload(job, "id\n1\nno number\n");
  client_.execute(job);
  if (field(client_.wait(job), "status") != "ERROR")
    throw std::runtime_error("job " + job + " is not in ERROR");
}

void SoakClient::come_without_key() {
  auto stranger = Http(address_, std::string(43, 'A'));
  const auto answer = stranger.get("/integration/api/pools");
  if (answer.status != 429) demand(answer, 401);
}

}  // namespace adit::test
