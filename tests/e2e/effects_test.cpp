// What a job may do besides landing its rows in its table: which duplicates stay, mirrors, SQL of its own.
#include <algorithm>
#include <filesystem>
#include <random>
#include <tuple>

#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

const json::object kKeyId{{"keys", {"id"}}};

class Effects : public ServerTest {
 protected:
  /// Pushes chunks and executes with a query string; the final job.
  json::object push_with(json::object spec, const std::vector<std::string>& chunks,
                         const std::string& query) {
    const auto job = pool().create_job(std::move(spec));
    for (const auto& chunk : chunks) pool().upload(job, chunk);
    const auto response = pool().http().post(pool().job_path(job) + query);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.body, "");
    return pool().wait(job);
  }
};

TEST_F(Effects, TheRowWithTheGreatestValueOfADuplicateRemovalColumnStays) {
  const auto done =
      push_with(csv_job("DELTA", "t", kKeyId),
                {"id,changed on,v\n1,2024-05-01,new\n1,2024-01-01,old\n2,,null\n2,2020-01-01,dated\n",
                 "id,changed on,v\n3,2024-01-01,a\n3,2024-01-01,b\n"},
                "?duplicateRemovalColumn=Changed%20On");
  EXPECT_EQ(done.at("status"), "DONE") << logs_of(done);
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"1", "new"}, {"2", "dated"}, {"3", "b"}}));
}

TEST_F(Effects, AllowDuplicateAppendsAndIsReturned) {
  auto spec = csv_job("DELTA", "t", {{"keys", {"id"}}, {"allowDuplicate", true}});
  pool().push_done(spec, {"id,v\n1,a\n1,a\n"});
  pool().push_done(spec, {"id,v\n1,a\n"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "3");
  const auto job = pool().create(spec);
  EXPECT_EQ(job.at("allowDuplicate"), true);
  EXPECT_EQ(job.at("keys"), json::array{"id"});
  const auto id = std::string(job.at("id").as_string());
  expect_field_error(pool().http().upload_raw(pool().job_path(id) + "/chunks/deleted", "id\n1\n"),
                     "allowDuplicate");
  spec["type"] = "REPLACE";
  pool().push_done(spec, {"id,v\n1,a\n1,a\n"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "2");
}

TEST_F(Effects, MirrorsGetTheSameRowsAndAreReturned) {
  const auto spec = csv_job("DELTA", "t", {{"keys", {"id"}}, {"mirrorTargetNames", {"m 1", "größe"}}});
  pool().push_done(csv_job("REPLACE", "M 1"), {"id,v\n1,old\n7,there\n"});
  pool().push_done(spec, {"id,v\n1,a\n", "id,v\n2,b\n"});
  EXPECT_EQ(pool().rows("SELECT id, v FROM \"M 1\" ORDER BY id"),
            (Rows{{"1", "a"}, {"2", "b"}, {"7", "there"}}));
  EXPECT_EQ(pool().rows("SELECT id, v FROM \"größe\" ORDER BY id"), (Rows{{"1", "a"}, {"2", "b"}}));
  EXPECT_EQ(pool().create(spec).at("mirrorTargetNames"), (json::array{"m 1", "größe"}));
}

TEST_F(Effects, MirrorsThatCantBeAre400ThatNamesThem) {
  const auto refuse = [&](const json::array& mirrors) {
    expect_field_error(pool().try_create(csv_job("DELTA", "t", {{"mirrorTargetNames", mirrors}})),
                       "mirrorTargetNames");
  };
  refuse({"T"});
  refuse({"a", "A"});
  refuse({""});
  refuse({"__adit_x"});
  refuse({7});
  json::array many;
  for (int i = 0; i < 17; ++i) many.emplace_back("m" + std::to_string(i));
  refuse(many);
}

TEST_F(Effects, JobsThatMirrorEachOtherAllLand) {
  const auto a = csv_job("DELTA", "a", {{"mirrorTargetNames", {"b"}}});
  const auto b = csv_job("DELTA", "b", {{"mirrorTargetNames", {"a"}}});
  std::vector<std::string> jobs;
  for (int i = 0; i < 20; ++i) {
    jobs.push_back(pool().create_job(i % 2 == 0 ? a : b));
    pool().upload(jobs.back(), "n\n" + std::to_string(i) + "\n");
  }
  for (const auto& job : jobs) pool().execute(job);
  for (const auto& job : jobs) EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT count(*), sum(n) FROM a"), (Rows{{"20", "190"}}));
  EXPECT_EQ(pool().rows("SELECT count(*), sum(n) FROM b"), (Rows{{"20", "190"}}));
}

TEST_F(Effects, APostExecutionQueryRunsWithThePushOrNotAtAll) {
  const auto with = [](const std::string& sql) {
    return csv_job("REPLACE", "t", {{"postExecutionQuery", sql}});
  };
  pool().push_done(with("CREATE OR REPLACE TABLE totals AS SELECT sum(n) AS n FROM t"), {"n\n1\n2\n"});
  EXPECT_EQ(pool().value("SELECT n FROM totals"), "3");
  const auto failed = pool().push(with("UPDATE totals SET n = n / nothing"), {"n\n100\n"});
  EXPECT_EQ(failed.at("status"), "ERROR");
  EXPECT_NE(logs_of(failed).find("postExecutionQuery"), std::string::npos) << logs_of(failed);
  EXPECT_NE(logs_of(failed).find("nothing"), std::string::npos) << logs_of(failed);
  EXPECT_EQ(pool().rows("SELECT n FROM t ORDER BY n"), (Rows{{"1"}, {"2"}}));
  EXPECT_EQ(pool().value("SELECT n FROM totals"), "3");
  for (const auto* sql : {"SELECT 1", "DROP TABLE t", "DELETE FROM adit.landings", "COPY t TO '/tmp/x'"})
    expect_field_error(pool().try_create(with(sql)), "postExecutionQuery");
}

TEST_F(Effects, JobsThatRunSqlAndOthersLandInTheOrderOfTheirExecute) {
  pool().push_done(csv_job("REPLACE", "log"), {"what,seen\nstart,0\n"});
  std::vector<std::string> jobs;
  for (int i = 0; i < 12; ++i) {
    json::object more;
    if (i % 3 == 1) more["postExecutionQuery"] = "INSERT INTO log (what, seen) SELECT 'q', count(*) FROM x";
    jobs.push_back(pool().create_job(csv_job("DELTA", i % 3 == 1 ? "y" : "x", more)));
    pool().upload(jobs.back(), "n\n" + std::to_string(i) + "\n");
  }
  for (const auto& job : jobs) pool().execute(job);
  for (const auto& job : jobs) {
    const auto done = pool().wait(job);
    EXPECT_EQ(done.at("status"), "DONE") << logs_of(done);
  }
  EXPECT_EQ(pool().rows("SELECT seen FROM log WHERE what = 'q' ORDER BY seen"),
            (Rows{{"1"}, {"3"}, {"5"}, {"7"}}));
}

class EffectsKilled : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {};

// Rows held in memory and rows in staging tables; each way a job that fills a mirror and runs SQL.
TEST_P(EffectsKilled, LandInAllTablesOnceOrNotYet) {
  const auto [failpoint, held_bytes] = GetParam();
  Server server({.flags = {"--held-chunk-bytes-max", held_bytes}});
  server.start();
  const auto spec = csv_job("DELTA", "t",
                            {{"mirrorTargetNames", {"m"}},
                             {"postExecutionQuery", "INSERT INTO counts SELECT count(*) AS n, NULL FROM t"}});
  std::string job;
  std::string pool;
  {
    PoolClient client(server);
    pool = client.pool();
    client.push_done(csv_job("REPLACE", "counts"), {"n\n"});
    client.push_done(csv_job("DELTA", "t"), {"a\n1\n"});
  }
  server.kill();
  server.start({{"ADIT_FAILPOINT", failpoint}});
  try {
    PoolClient client(server.http(), pool);
    job = client.create_job(spec);
    client.upload(job, "a\n2\n");
    client.upload(job, "a\n3\n");
    client.execute(job);
  } catch (const TransportError&) {
    ASSERT_FALSE(job.empty());
  }
  ASSERT_TRUE(server.wait(std::chrono::seconds{20})) << "the failpoint was not reached";
  server.start();
  PoolClient again(server.http(), pool);
  if (again.status(job) == "NEW") again.execute(job);
  const auto done = again.wait(job);
  EXPECT_EQ(done.at("status"), "DONE") << logs_of(done);
  EXPECT_EQ(again.rows("SELECT a FROM t ORDER BY a"), (Rows{{"1"}, {"2"}, {"3"}}));
  EXPECT_EQ(again.rows("SELECT a FROM m ORDER BY a"), (Rows{{"2"}, {"3"}}));
  EXPECT_EQ(again.rows("SELECT n FROM counts"), (Rows{{"3"}}));
  // The engine's file is lost: all of it comes again, in order.
  server.kill();
  std::filesystem::remove_all(server.data() / "pools" / pool);
  server.start();
  PoolClient repaired(server.http(), pool);
  EXPECT_EQ(repaired.rows("SELECT a FROM m ORDER BY a"), (Rows{{"2"}, {"3"}}));
  EXPECT_EQ(repaired.rows("SELECT n FROM counts"), (Rows{{"3"}}));
  EXPECT_EQ(repaired.rows("SELECT a FROM t ORDER BY a"), (Rows{{"1"}, {"2"}, {"3"}}));
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, EffectsKilled,
                         ::testing::Combine(::testing::Values("warehouse.land.before_commit",
                                                              "warehouse.land.after_commit",
                                                              "catalog.transition.before_commit"),
                                            ::testing::Values("0", "262144")));
INSTANTIATE_TEST_SUITE_P(WhileStaging, EffectsKilled,
                         ::testing::Values(std::tuple{"warehouse.stage.after_commit:2", "0"},
                                           std::tuple{"warehouse.stage.before_commit:2", "0"},
                                           std::tuple{"warehouse.held:3", "262144"}));

/// Names of odd characters, the same in every run.
std::vector<std::string> odd_names(std::size_t count) {
  const std::vector<std::string> pieces{
      "\"",     "'",      "''",     "`",       ";", "--", "/*",     "*/",   "\\",   "/",   "..", ":",
      "?",      "#",      "%",      "%20",     "&", "=",  "+",      "$1",   "$$",   "{",   "}",  "[",
      "]",      "(",      ")",      "<",       ">", "|",  "~",      "^",    "@",    "!",   ",",  "\t",
      "\n",     " ",      "a",      "Z",       "0", "_",  "é",      "ß",    "Ä",    "中",  "文", "🙂",
      "\u200b", "\u202e", "\u00a0", "e\u0301", "ﬁ", "İ",  "select", "NULL", "\x7f", "\x01"};
  std::mt19937 random(20260);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    std::string name;
    const auto length = 1 + random() % 6;
    for (std::size_t n = 0; n < length; ++n) name += pieces[random() % pieces.size()];
    names.push_back(name + std::to_string(i));
  }
  return names;
}

std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) text.insert(at, 1, '"');
  return '"' + text + '"';
}

TEST_F(Effects, AnyTextNamesATableItsColumnsItsKeysAndItsMirrors) {
  const auto names = odd_names(24);
  for (std::size_t i = 0; i + 2 < names.size(); i += 3) {
    SCOPED_TRACE(json::serialize(json::array{names[i], names[i + 1], names[i + 2]}));
    const auto& table = names[i];
    const auto mirror = names[i + 1] + " mirror";
    const auto& key = names[i + 1];
    const auto& column = names[i + 2];
    const auto header = quoted(key) + "," + quoted(column) + "\n";
    auto spec = csv_job(
        "DELTA", table,
        {{"keys", {key}},
         {"mirrorTargetNames", {mirror}},
         {"csvParsingOptions", {{"separatorSequence", ","}, {"quoteSequence", "\""}}},
         {"postExecutionQuery", "INSERT INTO " + quoted(table) + " (" + quoted(key) + ") SELECT 1000"}});
    pool().push_done(spec, {header + "1,a\n2,b\n"});
    spec.erase("postExecutionQuery");
    pool().push_done(spec, {header + "2,c\n3,d\n"});
    for (const auto& name : {table, mirror}) {
      EXPECT_EQ(pool().rows("SELECT " + quoted(key) + ", " + quoted(column) + " FROM " + quoted(name) +
                            " WHERE " + quoted(key) + " < 1000 ORDER BY 1"),
                (Rows{{"1", "a"}, {"2", "c"}, {"3", "d"}}));
    }
    const auto tables = pool().tables();
    EXPECT_NE(std::ranges::find(tables, table), tables.end());
  }
}

}  // namespace
}  // namespace adit::test
