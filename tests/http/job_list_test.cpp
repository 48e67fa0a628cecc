// The list of a pool's jobs: whole whatever its size, in memory that is not.
#include <algorithm>
#include <chrono>
#include <thread>

#include "support/catalog_file.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

std::string text(const json::value& job, std::string_view member) {
  return std::string(field(job, member).as_string());
}

std::vector<std::string> ids_of(const json::array& jobs) {
  std::vector<std::string> ids;
  for (const auto& job : jobs) ids.push_back(text(job, "id"));
  return ids;
}

class JobList : public ServerTest {
 protected:
  HttpResponse list(const std::string& query = "") { return pool().http().get(pool().jobs_path() + query); }
};

TEST_F(JobList, AShortOneIsAnsweredAsAWholeWithTheTextsOfItsJobs) {
  const auto none = list();
  EXPECT_EQ(none.body, "[]");
  EXPECT_EQ(none.header("content-length"), "2");
  const auto first = pool().create_job(csv_job("DELTA", "a\"b", {{"keys", {"id"}}}));
  const auto second = pool().create_job(parquet_job("REPLACE", "t"));
  ASSERT_EQ(pool().try_cancel(second).status, 200);
  const auto both = list();
  EXPECT_EQ(both.body, "[" + pool().http().get(pool().job_path(second)).body + "," +
                           pool().http().get(pool().job_path(first)).body + "]");
  EXPECT_EQ(both.header("content-type"), "application/json");
  EXPECT_EQ(both.header("content-length"), std::to_string(both.body.size()));
  EXPECT_EQ(list("?limit=0").body, "[]");
  EXPECT_EQ(list("?offset=2").body, "[]");
  const auto head = pool().http().send({"HEAD", pool().jobs_path()});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), both.header("content-length"));
  expect_field_error(list("?limit=many"), "limit");
}

/// A pool with more jobs than any page of them holds: every other one of the table `odd`, the rest of `even`.
class LargeJobList : public JobList {
 protected:
  static constexpr std::size_t kJobs = 30'000;

  static void SetUpTestSuite() {
    start_server({.environment = kLittleHeldBack});
    auto& server = server_of_suite();
    {
      PoolClient client(server);
      large_pool_ = client.pool();
      client.create_job(csv_job("DELTA", "odd"));
      client.create_job(csv_job("DELTA", "even"));
    }
    server.terminate();
    change_catalog(
        server.data(),
        "CREATE TEMP TABLE made AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < " +
            std::to_string(kJobs / 2) +
            ") SELECT jobs.* FROM n CROSS JOIN jobs ORDER BY i, number;"
            "DELETE FROM jobs;"
            "UPDATE made SET number = rowid, id = printf('%08d-2222-4333-8444-000000000001', rowid);"
            "INSERT INTO jobs SELECT * FROM made");
    server.start();
  }
  void SetUp() override {
    JobList::SetUp();
    large_ = std::make_unique<PoolClient>(server().http(), large_pool_);
  }
  PoolClient& large() { return *large_; }

  /// The ids of the jobs with these numbers in the order of creation, the greatest first.
  static std::vector<std::string> made(std::size_t from, std::size_t to, std::size_t step = 1) {
    std::vector<std::string> ids;
    for (auto number = from; number >= to && number <= from; number -= step) {
      const auto digits = std::to_string(number);
      ids.push_back(std::string(8 - digits.size(), '0') + digits + "-2222-4333-8444-000000000001");
    }
    return ids;
  }
  std::vector<std::string> ids(const std::string& query) {
    return ids_of(large().http().get(large().jobs_path() + query).array());
  }
  /// The request of the whole list, by a client to which a body is all up to the end of the connection.
  std::string request() {
    return "GET " + large().jobs_path() + " HTTP/1.0\r\nAuthorization: Bearer " + server().admin_key() +
           "\r\n\r\n";
  }

 private:
  static std::string large_pool_;
  std::unique_ptr<PoolClient> large_;
};

std::string LargeJobList::large_pool_;

TEST_F(LargeJobList, IsReadWholeInMemoryThatDoesNotGrowWithIt) {
  const auto before = server().resident_bytes_peak();
  RawConnection connection(server().address());
  connection.send(request());
  ASSERT_TRUE(connection.read_until("\r\n\r\n"));
  const auto body = connection.read_until_closed();
  EXPECT_EQ(ids_of(json::parse(body).as_array()), made(kJobs, 1));
  EXPECT_GT(body.size(), 20U << 20);
  EXPECT_LT(server().resident_bytes_peak(), before + body.size()) << "of an answer of " << body.size();
}

TEST_F(LargeJobList, IsNarrowedLikeAShortOne) {
  EXPECT_EQ(ids("?limit=2500&offset=700"), made(kJobs - 700, kJobs - 700 - 2'500 + 1));
  EXPECT_EQ(ids("?targetName=odd"), made(kJobs - 1, 1, 2));
  EXPECT_EQ(ids("?status=NEW&targetName=even&limit=9000&offset=1"), made(kJobs - 2, kJobs - 18'000, 2));
  EXPECT_EQ(ids("?offset=" + std::to_string(kJobs - 2)), made(2, 1));
  EXPECT_TRUE(ids("?targetName=none").empty());
}

TEST_F(LargeJobList, ShowsEachJobOnceWhateverHappensWhileItIsRead) {
  RawConnection connection(server().address());
  connection.send(request());
  ASSERT_TRUE(connection.read_until("\r\n\r\n"));
  // The server waits with most of it: far more than a socket takes.
  const auto created = large().create_job(csv_job("DELTA", "odd"));
  ASSERT_EQ(large().try_delete(made(2, 2).front()).status, 204);
  ASSERT_EQ(large().try_cancel(made(1, 1).front()).status, 200);
  const auto jobs = json::parse(connection.read_until_closed()).as_array();
  auto expected = made(kJobs, 3);
  expected.push_back(made(1, 1).front());
  EXPECT_EQ(ids_of(jobs), expected);
  EXPECT_EQ(field(jobs.back(), "status"), "CANCELED");
  EXPECT_EQ(ids("?limit=1"), std::vector{created});
  EXPECT_EQ(large().try_delete(created).status, 204);
}

TEST_F(LargeJobList, EndsWithItsClient) {
  const auto from = server().log_bytes();
  RawConnection connection(server().address());
  connection.send(request());
  ASSERT_TRUE(connection.read_until("\r\n\r\n"));
  connection.reset();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  const auto gone = [&] { return server().log(from).find("status=499") != std::string::npos; };
  while (!gone() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(gone()) << server().log(from);
  EXPECT_EQ(ids("?limit=1").size(), 1U);
}

}  // namespace
}  // namespace adit::test
