// Requests whose answers are lost, sent again and sent many times at once: each is carried out once.
#include <atomic>
#include <thread>

#include "support/faulty_proxy.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

constexpr const char* kCsv = "id\n1\n2\n3\n";

class ExactlyOnce : public SurvivingServerTest {
 protected:
  /// What happens to a request whose first answer the network loses, and which is sent again with its key.
  HttpResponse sent_twice(const HttpRequest& request) {
    FaultyProxy proxy(server().address(), {.lose_answer = [](int answer) { return answer == 0; }});
    Http http(proxy.url().substr(std::string("http://").size()), server().admin_key());
    EXPECT_THROW(http.send(request), TransportError);
    EXPECT_EQ(proxy.lost(), 1);
    return http.send(request);
  }
  /// Runs `count` threads, each with a client of its own.
  template <class Work>
  void at_once(int count, Work work) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i)
      threads.emplace_back(
          [&, i, client = std::make_shared<PoolClient>(another_client())] { work(*client, i); });
  }
  std::string job_with_chunk() {
    const auto job = pool().create_job(csv_job("DELTA", "t"));
    pool().upload(job, kCsv);
    return job;
  }
  std::string rows() { return pool().value("SELECT count(*) FROM t"); }
};

TEST_F(ExactlyOnce, WithKeysALostAnswerOfEachStepChangesNothing) {
  const auto created = sent_twice(
      {"POST", pool().jobs_path(), {{"Idempotency-Key", "create"}}, json::serialize(csv_job("DELTA", "t"))});
  ASSERT_EQ(created.status, 200) << created.body;
  EXPECT_EQ(pool().http().get(pool().jobs_path()).array().size(), 1U);
  const auto job = std::string(field(created.json(), "id").as_string());
  EXPECT_EQ(sent_twice({"POST", pool().chunks_path(job), {{"Idempotency-Key", "upload"}}, kCsv}).status, 200);
  EXPECT_EQ(pool().chunks(job).size(), 1U);
  EXPECT_EQ(sent_twice({"POST", pool().job_path(job), {{"Idempotency-Key", "execute"}}, ""}).status, 200);
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(rows(), "3");
}

TEST_F(ExactlyOnce, WithoutAKeyTheSecondExecuteIsRefusedAndTheRowsLandOnce) {
  const auto job = job_with_chunk();
  expect_error_body(sent_twice({"POST", pool().job_path(job), {}, ""}), 409);
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(rows(), "3");
}

TEST_F(ExactlyOnce, OfFiftyExecutesOneIsCarriedOut) {
  const auto job = job_with_chunk();
  std::atomic<int> accepted = 0;
  std::atomic<int> refused = 0;
  at_once(50, [&](PoolClient& client, int) {
    const auto status = client.try_execute(job).status;
    accepted += status == 200 ? 1 : 0;
    refused += status == 409 ? 1 : 0;
  });
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(refused, 49);
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(rows(), "3");
}

TEST_F(ExactlyOnce, CancelThatRacesExecuteLeavesAllRowsOrNone) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n"});
  std::size_t expected = 0;
  for (int round = 0; round < 12; ++round) {
    const auto job = job_with_chunk();
    std::atomic<bool> canceled = false;
    at_once(2, [&](PoolClient& client, int i) {
      const auto response = i == 0 ? client.try_execute(job) : client.try_cancel(job);
      EXPECT_TRUE(response.status == 200 || response.status == 409) << response.body;
      if (i == 1 && response.status == 200) canceled = field(response.json(), "status") == "CANCELED";
    });
    const auto status = pool().wait(job).at("status");
    EXPECT_EQ(status, canceled ? "CANCELED" : "DONE");
    expected += status == "DONE" ? 3 : 0;
    EXPECT_EQ(rows(), std::to_string(expected));
  }
}

TEST_F(ExactlyOnce, DeleteThatRacesExecuteAndCancelLeavesAllRowsOrNone) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n"});
  std::size_t before = 0;
  for (int round = 0; round < 12; ++round) {
    const auto job = job_with_chunk();
    at_once(3, [&](PoolClient& client, int i) {
      const auto response = i == 0   ? client.try_execute(job)
                            : i == 1 ? client.try_cancel(job)
                                     : client.try_delete(job);
      if (i == 2) {
        EXPECT_EQ(response.status, 204) << response.body;
      }
      EXPECT_LT(response.status, 500) << response.body;
    });
    EXPECT_EQ(pool().http().get(pool().job_path(job)).status, 404);
    const auto after = static_cast<std::size_t>(std::stoul(rows()));
    EXPECT_TRUE(after == before || after == before + 3) << before << " and then " << after;
    before = after;
  }
}

}  // namespace
}  // namespace adit::test
