// How many jobs a team may execute.
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "support/callers.h"
#include "support/command_line.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

const std::string kLimits = "/adit/api/v1/team/limits";

class ExecuteLimitRoutes : public ServerTest {
 protected:
  static void SetUpTestSuite() { start_server({.flags = {"--execute-limits", "on"}}); }
  void TearDown() override {
    limit({{"unlimited", true}});
    ServerTest::TearDown();
  }
  HttpResponse limit(json::object limits) {
    HttpRequest request{"PUT", kLimits};
    request.body = json::serialize(limits);
    request.headers = {{"Content-Type", "application/json"}};
    return pool().http().send(std::move(request));
  }
  std::string job_with_chunk(const std::string& table = "t") {
    const auto job = pool().create_job(csv_job("DELTA", table));
    pool().upload(job, "a\n1\n");
    return job;
  }
  static int number(const HttpResponse& response, const std::string& header) {
    return std::stoi(response.header(header).value_or("-1"));
  }
};

TEST_F(ExecuteLimitRoutes, ATeamIsLimitedFromTheFirstStartOn) {
  Server fresh({.flags = {"--execute-limits", "on"}});
  fresh.start();
  auto http = fresh.http();
  EXPECT_EQ(http.get(kLimits).json(),
            (json::object{{"perSecond", 10}, {"perHour", 250}, {"unlimited", false}}));
  const auto team = http.get("/api/cloud/team").json();
  EXPECT_EQ(field(team, "dataPushJobSubmissionLimitPerSec"), 10);
  EXPECT_EQ(field(team, "dataPushJobSubmissionLimitPerHour"), 250);
  EXPECT_EQ(field(team, "unlimitedDataPushJobSubmissions"), false);
}

TEST_F(ExecuteLimitRoutes, ARefusedExecuteSaysWhenToComeBackAndLeavesTheJob) {
  ASSERT_EQ(limit({{"perSecond", 1'000}, {"perHour", 1}, {"unlimited", false}}).status, 200);
  const auto job = job_with_chunk();
  std::optional<HttpResponse> refused;
  for (int i = 0; i < 3 && (!refused || refused->status != 429); ++i) {
    refused = pool().try_execute(i == 0 ? job_with_chunk("other") : job);
  }
  expect_error_body(*refused, 429);
  EXPECT_EQ(field(refused->json(), "errorCode"), "LIMIT_RATE_EXCEEDED");
  EXPECT_NE(refused->body.find("/adit/api/v1/team/limits"), std::string::npos);
  EXPECT_EQ(number(*refused, "x-ratelimit-limit"), 1);
  EXPECT_EQ(number(*refused, "x-ratelimit-remaining"), 0);
  EXPECT_EQ(refused->header("x-ratelimit-reset"), refused->header("retry-after"));
  EXPECT_GE(number(*refused, "retry-after"), 1);
  EXPECT_LE(number(*refused, "retry-after"), 3'600);
  EXPECT_EQ(pool().status(job), "NEW");
  ASSERT_EQ(limit({{"unlimited", true}}).status, 200);
  const auto accepted = pool().try_execute(job);
  EXPECT_EQ(accepted.status, 200);
  EXPECT_FALSE(accepted.header("x-ratelimit-limit").has_value()) << "it is not limited";
}

TEST_F(ExecuteLimitRoutes, AnAcceptedExecuteTellsHowMuchIsLeftAndAReplayCountsNothing) {
  ASSERT_EQ(limit({{"perSecond", 100'000}, {"perHour", 100'000}, {"unlimited", false}}).status, 200);
  HttpRequest request{"POST", pool().job_path(job_with_chunk())};
  request.headers = {{"Idempotency-Key", "once"}};
  const auto first = pool().http().send(request);
  ASSERT_EQ(first.status, 200);
  EXPECT_TRUE(first.body.empty());
  EXPECT_EQ(number(first, "x-ratelimit-limit"), 100'000);
  const auto replayed = pool().http().send(request);
  EXPECT_EQ(replayed.header("idempotency-replayed"), "true");
  EXPECT_EQ(pool().try_execute(pool().create_job(csv_job("DELTA", "t"))).status, 400)
      << "counts nothing either";
  const auto second = pool().try_execute(job_with_chunk());
  EXPECT_EQ(number(second, "x-ratelimit-remaining"), number(first, "x-ratelimit-remaining") - 1);
}

TEST_F(ExecuteLimitRoutes, OfManyAtOnceAsManyPassAsTheHourHasRoomFor) {
  ASSERT_EQ(limit({{"perSecond", 100'000}, {"perHour", 100'000}, {"unlimited", false}}).status, 200);
  auto before = pool().try_execute(job_with_chunk());
  if (const auto left = number(before, "x-ratelimit-reset"); left < 30) {
    // All of it has to happen within one hour of the count.
    std::this_thread::sleep_for(std::chrono::seconds{left + 1});
    before = pool().try_execute(job_with_chunk());
  }
  const auto used = 100'000 - number(before, "x-ratelimit-remaining");
  std::vector<std::string> jobs;
  for (int i = 0; i < 40; ++i) jobs.push_back(job_with_chunk("t" + std::to_string(i)));
  ASSERT_EQ(limit({{"perHour", used + 10}}).status, 200);
  std::atomic<int> passed = 0;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&, thread] {
        auto client = another_client();
        for (std::size_t i = static_cast<std::size_t>(thread); i < jobs.size(); i += 8) {
          const auto status = client.try_execute(jobs[i]).status;
          passed += status == 200 ? 1 : 0;
          refused += status == 429 ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(passed, 10);
  EXPECT_EQ(refused, 30);
}

TEST_F(ExecuteLimitRoutes, OnlyAnAdministratorSetsThemAndNonsenseIsNamed) {
  Callers callers(server().http());
  auto member = server().http();
  member.set_authorization(callers.user().authorization);
  expect_error_body(member.get(kLimits), 403);
  for (const auto& [name, value] : json::object{{"perSecond", 0},
                                                {"perHour", -1},
                                                {"perHour", 1'000'001},
                                                {"perSecond", "ten"},
                                                {"unlimited", "yes"}}) {
    expect_field_error(limit({{name, value}}), std::string(name));
  }
  ASSERT_EQ(limit({{"perSecond", 7}}).status, 200);
  EXPECT_EQ(field(limit({{"perHour", 9}}).json(), "perSecond"), 7) << "what is absent stays";
}

TEST_F(ExecuteLimitRoutes, AditPushWaitsAsItIsTold) {
  ASSERT_EQ(limit({{"perSecond", 1}, {"perHour", 100'000}, {"unlimited", false}}).status, 200);
  const TempFolder folder;
  const auto file = folder.path() / "rows.csv";
  std::ofstream(file) << "a\n1\n";
  std::vector<std::jthread> threads;
  std::atomic<int> done = 0;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      const auto end = call(server(), {"push", file.string(), "--pool", pool().pool(), "--table",
                                       "p" + std::to_string(i), "--type", "REPLACE"});
      EXPECT_EQ(end.status, ExitStatus::exited(0)) << end.err;
      ++done;
    });
  }
  threads.clear();
  EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace adit::test
