#include "client/push_run.h"

#include <gtest/gtest.h>

#include <fstream>

#include "client/test_server.h"

namespace adit::client {
namespace {

constexpr const char* kPool = "11111111-1111-4111-8111-111111111111";
const std::string kJobs = std::string("/data-ingestion/api/v1/data-push/") + kPool + "/jobs/";

class Silent final : public PushObserver {
 public:
  void created(const std::string&) override {}
  void sent(std::size_t, std::uint64_t sent, std::uint64_t total) override {
    last_sent = sent;
    last_total = total;
  }
  void uploaded(std::size_t) override { ++files; }
  void polled(const JobView& job) override { states.push_back(job.status); }

  std::uint64_t last_sent = 0;
  std::uint64_t last_total = 0;
  int files = 0;
  std::vector<std::string> states;
};

// Two files, and a server that knows one job, which ends as `end` after two looks.
class PushRun : public testing::Test {
 protected:
  PushRun() {
    for (const auto* name : {"one", "two"}) {
      const auto path =
          std::filesystem::temp_directory_path() / ("adit-push-" + std::to_string(::getpid()) + name);
      std::ofstream(path) << "a;b\n1;2\n";
      request.files.push_back(path);
    }
    request.pool = kPool;
    request.job = {"T", "DELTA", "CSV", {"a"}, ";", std::nullopt, std::nullopt};
  }
  ~PushRun() override {
    for (const auto& path : request.files) std::filesystem::remove(path);
  }

  Reply reply(const Received& got) {
    if (got.path == kJobs) return {200, R"({"id":"J","status":"NEW"})"};
    if (got.path == kJobs + "J/chunks/upserted")
      return upload_status == 200 ? Reply{} : Reply{upload_status, refusal};
    if (got.path == kJobs + "J/chunks") return {200, chunks};
    if (got.path == kJobs + "J/cancel") return {200, R"({"id":"J","status":"CANCELED"})"};
    if (got.method == "POST") return {200, ""};
    if (++looks < 3) return {200, R"({"id":"J","status":"RUNNING","adit":{"phase":"LANDING"}})"};
    return {200, R"({"id":"J","status":")" + end + R"(","logs":["why"],"adit":{"rowsLanded":2}})"};
  }
  Result<PushOutcome> push() {
    HttpClientOptions options;
    options.url = *parse_base_url(server.url());
    AditApi api{HttpClient(std::move(options))};
    return run_push(api, request, observer, stop);
  }
  std::vector<std::string> calls() const {
    std::vector<std::string> list;
    for (const auto& got : server.received()) {
      const auto call = got.method + " " + got.path.substr(kJobs.size());
      if (list.empty() || list.back() != call || got.method != "GET") list.push_back(call);
    }
    return list;
  }

  PushRequest request;
  Silent observer;
  std::atomic<bool> stop{false};
  int upload_status = 200;
  std::string refusal = R"({"message":"Too large.","reference":"R1"})";
  std::string chunks = "[]";
  std::string end = "DONE";
  int looks = 0;
  TestServer server{[this](const Received& got) { return reply(got); }};
};

TEST_F(PushRun, CreatesUploadsInOrderExecutesAndWaits) {
  const auto outcome = push();
  ASSERT_TRUE(outcome) << outcome.error().public_message;
  EXPECT_EQ(outcome->job.status, "DONE");
  EXPECT_EQ(outcome->job.rows_landed, 2U);
  EXPECT_EQ(outcome->bytes, 16U);
  EXPECT_EQ(calls(), (std::vector<std::string>{"POST ", "POST J/chunks/upserted", "POST J/chunks/upserted",
                                               "POST J", "GET J"}));
  EXPECT_EQ(server.received()[0].body,
            R"({"targetName":"T","type":"DELTA","fileType":"CSV","keys":["a"],"csvParsingOptions":)"
            R"({"separatorSequence":";"}})");
  EXPECT_EQ(observer.files, 2);
  EXPECT_EQ(observer.last_sent, 16U);
  EXPECT_EQ(observer.last_total, 16U);
  EXPECT_EQ(observer.states.back(), "DONE");
}

TEST_F(PushRun, ARefusedChunkCancelsTheJobAndNamesTheFile) {
  upload_status = 413;
  const auto outcome = push();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kTooLarge);
  EXPECT_NE(outcome.error().public_message.find(request.files[0].string()), std::string::npos);
  EXPECT_NE(outcome.error().public_message.find("Too large. (413, reference R1)"), std::string::npos);
  EXPECT_EQ(calls().back(), "POST J/cancel");
}

TEST_F(PushRun, AJobInErrorTellsWhatIsWrongWithWhichFile) {
  end = "ERROR";
  chunks = R"([{"id":"C1","adit":{"state":"STAGED","errors":[]}},
               {"id":"C2","adit":{"state":"FAILED","errors":[
                 {"message":"not a number","row":1,"line":2,"byte":4,"column":"b","value":"x"}]}}])";
  const auto outcome = push();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->job.logs, std::vector<std::string>{"why"});
  ASSERT_EQ(outcome->problems.size(), 1U);
  EXPECT_EQ(outcome->problems[0].file, request.files[1]);
  EXPECT_EQ(outcome->problems[0].problem.line, 2U);
  EXPECT_EQ(outcome->problems[0].problem.column, "b");
}

TEST_F(PushRun, AnInterruptCancelsTheJob) {
  end = "RUNNING";
  std::jthread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    stop = true;
  });
  const auto outcome = push();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kCanceled);
  EXPECT_EQ(calls().back(), "POST J/cancel");
}

TEST(FileType, FollowsFromTheNamesWhichMustAgree) {
  EXPECT_EQ(*file_type_of({"a.parquet", "b.PARQUET"}), "PARQUET");
  EXPECT_EQ(*file_type_of({"a.csv"}), "CSV");
  EXPECT_FALSE(file_type_of({"a.csv", "b.parquet"}));
  EXPECT_FALSE(file_type_of({"a.txt"}));
}

}  // namespace
}  // namespace adit::client
