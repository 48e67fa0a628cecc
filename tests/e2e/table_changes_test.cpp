// Drop, truncate and delete by predicate: what they do, in which order, and that nothing undoes them.
#include <chrono>
#include <thread>

#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

/// The words of table changes over one pool.
class Changes {
 public:
  explicit Changes(PoolClient& client) : client_(client) {}

  HttpResponse delete_rows(const std::string& table, const std::string& predicate) {
    return client_.http().post_json(path(table) + "/delete-rows", {{"where", predicate}});
  }
  HttpResponse truncate(const std::string& table) { return client_.http().post(path(table) + "/truncate"); }
  HttpResponse drop(const std::string& table) { return client_.http().del(path(table)); }
  HttpResponse get(const std::string& id) { return client_.http().get(of_pool("/changes/" + id)); }
  HttpResponse cancel(const std::string& id) {
    return client_.http().post(of_pool("/changes/" + id + "/cancel"));
  }
  /// The id of the change that waits for its turn; waits for one.
  std::string queued() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto page = client_.http().get(of_pool("/history?kind=TABLE_CHANGE&status=QUEUED")).json();
      const auto jobs = field(page, "jobs").as_array();
      if (!jobs.empty()) return std::string(field(jobs[0], "id").as_string());
    }
    return {};
  }

 private:
  std::string of_pool(const std::string& path) { return "/adit/api/v1/pools/" + client_.pool() + path; }
  std::string path(const std::string& table) { return of_pool("/tables/" + table); }
  PoolClient& client_;
};

class TableChanges : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    changes_ = std::make_unique<Changes>(pool());
    pool().push_done(csv_job("REPLACE", "people"),
                     {"id,name,age\n1,Ada,36\n2,\"O'Hara\",40\n3,Zoë,\n4,Ada,12\n"});
  }
  Changes& changes() { return *changes_; }

 private:
  std::unique_ptr<Changes> changes_;
};

TEST_F(TableChanges, DeleteByPredicateSaysHowManyRowsWent) {
  const auto response = changes().delete_rows("PEOPLE", "name = 'Ada' AND age > 20");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto change = response.json();
  EXPECT_EQ(field(change, "rows"), 1);
  EXPECT_EQ(field(change, "status"), "DONE");
  EXPECT_EQ(field(change, "change"), "DELETE");
  EXPECT_EQ(pool().rows("SELECT id FROM people ORDER BY id"), (Rows{{"2"}, {"3"}, {"4"}}));
  EXPECT_EQ(changes().get(std::string(field(change, "id").as_string())).json(), change);
  EXPECT_EQ(
      field(changes().delete_rows("people", "name = 'O''Hara' OR lower(name) LIKE 'zo%'").json(), "rows"), 2);
  EXPECT_EQ(field(changes().delete_rows("people", "false").json(), "rows"), 0);
}

TEST_F(TableChanges, TruncateLeavesAnEmptyTable) {
  EXPECT_EQ(field(changes().truncate("people").json(), "rows"), 4);
  EXPECT_EQ(pool().value("SELECT count(*) FROM people"), "0");
  pool().push_done(csv_job("DELTA", "people"), {"id,name,age\n9,New,1\n"});
  EXPECT_EQ(pool().value("SELECT id FROM people"), "9");
}

TEST_F(TableChanges, DropTakesTheTableAway) {
  EXPECT_EQ(field(changes().drop("People").json(), "rows"), 4);
  EXPECT_TRUE(pool().tables().empty());
  expect_error_body(changes().drop("people"), 404);
  expect_error_body(changes().truncate("people"), 404);
  expect_error_body(changes().delete_rows("people", "true"), 404);
  pool().push_done(csv_job("DELTA", "people"), {"other\n9\n"});
  EXPECT_EQ(pool().value("SELECT other FROM people"), "9");
}

TEST_F(TableChanges, OnlyOneExpressionOverARowIsAPredicate) {
  pool().push_done(csv_job("REPLACE", "other"), {"id\n1\n"});
  for (const char* predicate : {"",
                                "true; DROP TABLE people",
                                "true) UNION ALL SELECT 1 FROM people WHERE (true",
                                "true) GROUP BY (id",
                                "true) ORDER BY (id",
                                "true) LIMIT (1",
                                "id IN (SELECT id FROM other)",
                                "EXISTS (SELECT 1)",
                                "age < random() * 100",
                                "now() > TIMESTAMP '2000-01-01'",
                                "current_date > DATE '2000-01-01'",
                                "current_timestamp IS NOT NULL",
                                "rowid = 1",
                                "nope = 1",
                                "count(*) > 1",
                                "id = ?",
                                "true RETURNING id",
                                "true -- \n) OR (true",
                                "true /*",
                                "read_text('/etc/passwd') IS NULL",
                                "id = 1, name = 'x'",
                                "SELECT true",
                                "row_number() OVER () = 1"}) {
    SCOPED_TRACE(predicate);
    const auto response = changes().delete_rows("people", predicate);
    // Two expressions joined by parentheses that close and open again are one expression.
    if (std::string_view(predicate).find(") OR (") != std::string_view::npos) continue;
    EXPECT_EQ(response.status, 400) << response.body;
  }
  EXPECT_EQ(pool().value("SELECT count(*) FROM other"), "1");
  expect_field_error(
      pool().http().post_json("/adit/api/v1/pools/" + pool().pool() + "/tables/people/delete-rows",
                              json::object{}),
      "where");
}

TEST_F(TableChanges, RefusedPredicatesRemoveNothing) {
  for (const char* predicate : {"random() < 2", "id IN (SELECT 1)", "true) ORDER BY (id"})
    EXPECT_EQ(changes().delete_rows("people", predicate).status, 400);
  EXPECT_EQ(pool().value("SELECT count(*) FROM people"), "4");
}

TEST_F(TableChanges, AValueThatCannotBeComparedLeavesTheTableAsItWas) {
  const auto response = changes().delete_rows("people", "CAST(name AS INTEGER) = 1");
  expect_error_body(response, 409);
  EXPECT_EQ(pool().value("SELECT count(*) FROM people"), "4");
}

TEST_F(TableChanges, StandInTheLineOfTheirTable) {
  const auto job = pool().create_job(parquet_job("DELTA", "people"));
  pool().upload(job,
                parquet_of("SELECT range + 100 AS id, 'Bob' AS name, 7::BIGINT AS age FROM range(1000000)"));
  pool().execute(job);
  const auto response = changes().delete_rows("people", "name = 'Bob'");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(field(response.json(), "rows"), 1000000);
  EXPECT_EQ(pool().status(job), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM people"), "4");
}

TEST_F(TableChanges, OneThatIsCanceledIs409ForWhoeverAskedForIt) {
  const auto job = pool().create_job(parquet_job("DELTA", "people"));
  pool().upload(job,
                parquet_of("SELECT range + 100 AS id, 'Bob' AS name, 7::BIGINT AS age FROM range(3000000)"));
  pool().execute(job);
  HttpResponse answer;
  std::jthread asking([&] {
    auto client = another_client();
    answer = Changes(client).truncate("people");
  });
  const auto canceled = changes().cancel(changes().queued());
  asking.join();
  ASSERT_EQ(canceled.status, 200) << canceled.body;
  EXPECT_EQ(field(canceled.json(), "status"), "CANCELED");
  expect_error_body(answer, 409);
  EXPECT_TRUE(answer.body.contains("Canceled by request.")) << answer.body;
  EXPECT_EQ(field(pool().wait(job), "status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM people"), "3000004");
}

TEST_F(TableChanges, AreNoPushJobs) {
  const auto before = pool().http().get(pool().jobs_path()).array().size();
  const auto id = std::string(field(changes().truncate("people").json(), "id").as_string());
  EXPECT_EQ(pool().http().get(pool().jobs_path()).array().size(), before);
  expect_error_body(pool().http().get(pool().job_path(id)), 404);
}

class TableChangeKilled : public ::testing::TestWithParam<const char*> {};

TEST_P(TableChangeKilled, IsMadeOnceAndStays) {
  Server server;
  server.start({{"ADIT_FAILPOINT", GetParam()}});
  PoolClient client(server);
  client.push_done(csv_job("REPLACE", "t"), {"id\n1\n2\n3\n"});
  EXPECT_THROW(Changes(client).delete_rows("t", "id = 2"), TransportError);
  ASSERT_TRUE(server.wait(std::chrono::seconds{10}));
  server.start();
  PoolClient again(server.http(), client.pool());
  // The next change of the table waits for the one that was under way.
  EXPECT_EQ(field(Changes(again).delete_rows("t", "id = 3").json(), "rows"), 1);
  EXPECT_EQ(again.rows("SELECT id FROM t"), (Rows{{"1"}}));
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, TableChangeKilled,
                         ::testing::Values("warehouse.change.before_commit", "warehouse.change.after_commit",
                                           "catalog.queue_table_change.after_commit",
                                           "catalog.transition.before_commit:2"));

class TableChangeRepaired : public ::testing::Test {};

TEST_F(TableChangeRepaired, IsMadeAgainAmongThePushesWhenTheEnginesFileIsLost) {
  Server server;
  server.start();
  PoolClient client(server);
  Changes changes(client);
  client.push_done(csv_job("REPLACE", "t"), {"id\n1\n2\n3\n"});
  ASSERT_EQ(changes.delete_rows("t", "id <= 2").status, 200);
  client.push_done(csv_job("DELTA", "t"), {"id\n2\n"});
  client.push_done(csv_job("REPLACE", "gone"), {"id\n1\n"});
  ASSERT_EQ(changes.drop("gone").status, 200);
  client.push_done(csv_job("REPLACE", "emptied"), {"id\n1\n"});
  ASSERT_EQ(changes.truncate("emptied").status, 200);
  server.kill();
  std::filesystem::remove_all(server.data() / "pools" / client.pool());
  server.start();
  PoolClient again(server.http(), client.pool());
  // The lists of tables repair a pool as well.
  EXPECT_EQ(again.tables(), (std::vector<std::string>{"emptied", "t"}));
  EXPECT_EQ(again.rows("SELECT id FROM t ORDER BY id"), (Rows{{"2"}, {"3"}}));
  EXPECT_EQ(again.value("SELECT count(*) FROM emptied"), "0");
}

}  // namespace
}  // namespace adit::test
