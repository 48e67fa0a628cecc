// Clients whose enums are closed and whose classes are not: a word that they do not know breaks them, a
// property that they do not know passes. They send properties as well that the server does not know.
#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "rehearsals/rehearsal.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

using Words = std::set<std::string>;

class ClosedEnums : public ServerTest {
 protected:
  HttpResponse get(const std::string& target) { return pool().http().get(target); }
  /// The job and the list of all jobs, each as it is now; returns the job's status.
  std::string look(const std::string& job) {
    const auto now = object_of(get(pool().job_path(job)));
    expect_readable_job(now);
    for (const auto& each : array_of(get(pool().jobs_path()))) expect_readable_job(each.as_object());
    return text_of(now, "status");
  }
  /// Polls the list of all jobs until these have ended; returns the words that were seen. No job's status may
  /// go back.
  Words watch(const std::vector<std::string>& jobs) {
    static const std::vector<std::string> kOrder{"NEW", "QUEUED", "RUNNING", "DONE"};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    std::map<std::string, std::size_t> places;
    Words seen;
    std::size_t ended = 0;
    while (ended < jobs.size()) {
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("jobs did not end in time");
      ended = 0;
      for (const auto& each : array_of(get(pool().jobs_path()))) {
        const auto& job = each.as_object();
        expect_readable_job(job);
        const auto status = text_of(job, "status");
        const auto id = text_of(job, "id");
        if (std::ranges::find(jobs, id) == jobs.end()) continue;
        const auto place = static_cast<std::size_t>(std::ranges::find(kOrder, status) - kOrder.begin());
        if (place == 0 || place == kOrder.size()) throw std::runtime_error("after execute: " + status);
        EXPECT_GE(place, places[id]) << status << " after " << kOrder[places[id]];
        places[id] = place;
        seen.insert(status);
        ended += is_final_status(status) ? 1 : 0;
      }
    }
    return seen;
  }
  std::string end_of(const std::string& job) {
    return text_of(poll([&] { return get(pool().job_path(job)); }), "status");
  }
};

TEST_F(ClosedEnums, SeeOnlyTheSixWordsWhileJobsWaitRunAndLand) {
  // Jobs of one table land one after the other, so that some wait while one runs. How long that can be seen
  // is not ours to say: it is done again until every word was seen, which the first round mostly does.
  const auto rows = parquet_of("SELECT range AS id, hash(range)::VARCHAR AS text FROM range(100000)");
  Words seen;
  for (int round = 0; round < 10 && seen.size() < 4; ++round) {
    std::vector<std::string> jobs;
    for (int i = 0; i < 3; ++i) {
      jobs.push_back(pool().create_job(parquet_job("DELTA", "big", {{"keys", {"id"}}})));
      pool().upload(jobs.back(), rows);
      seen.insert(look(jobs.back()));
    }
    for (const auto& job : jobs) pool().execute(job);
    seen.merge(watch(jobs));
  }
  EXPECT_EQ(seen, (Words{"DONE", "NEW", "QUEUED", "RUNNING"}));
}

TEST_F(ClosedEnums, SeeErrorWithLogsAndCanceled) {
  const auto failing = pool().create_job(csv_job("DELTA", "t", {{"keys", {"id"}}}));
  pool().upload(failing, "id,name\n,nobody\n");
  pool().execute(failing);
  EXPECT_EQ(end_of(failing), "ERROR");
  EXPECT_FALSE(logs_of(pool().job(failing)).empty());
  const auto left = pool().create_job(csv_job("DELTA", "t"));
  EXPECT_EQ(text_of(object_of(pool().try_cancel(left)), "status"), "CANCELED");
  EXPECT_EQ(look(left), "CANCELED");
  // Who waits for DONE or ERROR alone waits for ever; what it shows must say why.
  EXPECT_FALSE(logs_of(pool().job(left)).empty());
}

TEST_F(ClosedEnums, SeeTwoWordsForChunksAndFourForColumns) {
  pool().push_done(parquet_job("REPLACE", "t", {{"keys", {"i"}}}),
                   {parquet_of("SELECT 1::BIGINT AS i, true AS b, 1.5::DOUBLE AS f, 1.5::DECIMAL(9,2) AS d, "
                               "DATE '2024-01-01' AS day, TIMESTAMP '2024-01-01' AS at, TIME '01:02' AS t, "
                               "'x' AS s, [1, 2] AS nested, 'y'::BLOB AS blob, 3::UTINYINT AS u")});
  const auto job = pool().create_job(parquet_job("DELTA", "t", {{"keys", {"i"}}}));
  pool().upload(job, parquet_of("SELECT 1::BIGINT AS i"));
  pool().upload_deleted(job, parquet_of("SELECT 1::BIGINT AS i"));
  Words chunks;
  for (const auto& chunk : array_of(get(pool().job_path(job) + "/chunks"))) {
    chunks.insert(text_of(chunk.as_object(), "type"));
  }
  EXPECT_EQ(chunks, (Words{"DELETE", "UPSERT"}));
  Words columns;
  for (const auto& column :
       array_of(get("/integration/api/pools/" + pool().pool() + "/columns?tableName=t"))) {
    columns.insert(text_of(column.as_object(), "type"));
  }
  EXPECT_EQ(columns, (Words{"DATE", "FLOAT", "INTEGER", "STRING"}));
  for (const auto& table : array_of(get("/integration/api/pools/" + pool().pool() + "/tables"))) {
    EXPECT_EQ(text_of(table.as_object(), "type"), "TABLE");
  }
  const auto pool_now = object_of(get("/integration/api/pools/" + pool().pool()));
  EXPECT_EQ(text_of(pool_now, "configurationStatus"), "NEW");
}

TEST_F(ClosedEnums, SendPropertiesThatTheServerDoesNotKnow) {
  const auto made = pool().http().post_text(
      pool().jobs_path(),
      R"({"targetName":"t","type":"REPLACE","fileType":"CSV","optionalSince":[1,{"a":null}],"priority":"HIGH",)"
      R"("tableSchema":{"tableName":"t","kind":"FACT","columns":[{"columnName":"id","columnType":"INTEGER",)"
      R"("comment":"c","nullable":true}]},"csvParsingOptions":{"separatorSequence":",","strict":true}})");
  const auto job = text_of(object_of(made), "id");
  pool().upload(job, "id\n1\n");
  pool().execute(job);
  EXPECT_EQ(end_of(job), "DONE");
  EXPECT_EQ(pool().value("SELECT id FROM t"), "1");
}

TEST_F(ClosedEnums, SendAJobBackAsTheyGotIt) {
  const auto done = pool().push(csv_job("REPLACE", "t", {{"keys", {"id"}}}), {"id,name\n1,one\n"});
  ASSERT_EQ(done.at("status"), "DONE");
  // The copy is a new job: id, status, moments and the server's own block say nothing in a create.
  const auto copy = object_of(pool().try_create(done));
  EXPECT_NE(text_of(copy, "id"), text_of(done, "id"));
  EXPECT_EQ(text_of(copy, "status"), "NEW");
  EXPECT_EQ(copy.at("keys"), done.at("keys"));
  EXPECT_EQ(field(copy, "adit.chunks"), 0);
}

}  // namespace
}  // namespace adit::test
