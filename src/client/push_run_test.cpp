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
  void sending(const SendProgress& progress) override { last = progress; }
  void acknowledged(const SendProgress& progress) override { last = progress; }
  void canceling(const std::string&) override { ++cancels; }
  void polled(const JobView& job) override { states.push_back(job.status); }

  SendProgress last;
  int cancels = 0;
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
      paths.push_back(path);
      request.files.push_back({*InputFile::open(path.string())});
    }
    request.pool = kPool;
    request.job = {.table = "T", .type = "DELTA", .file_type = "CSV", .keys = {"a"}, .separator = ";"};
    request.piece_bytes_max = 1 << 20;
  }
  ~PushRun() override {
    for (const auto& path : paths) std::filesystem::remove(path);
  }

  Reply reply(const Received& got) {
    if (override_reply) {
      if (auto other = override_reply(got)) return *std::move(other);
    }
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
    api.set_retries({.first = std::chrono::milliseconds(1)}, {});
    return run_push(api, request, observer, [this] { return stop.load(); });
  }
  std::vector<std::string> calls() const {
    std::vector<std::string> list;
    for (const auto& got : server.received()) {
      const auto call = got.method + " " + got.path.substr(kJobs.size());
      if (list.empty() || list.back() != call || got.method != "GET") list.push_back(call);
    }
    return list;
  }

  std::vector<std::filesystem::path> paths;
  PushRequest request;
  Silent observer;
  std::atomic<bool> stop{false};
  int upload_status = 200;
  std::string refusal = R"({"message":"Too large.","reference":"R1"})";
  std::string chunks = "[]";
  std::string end = "DONE";
  std::function<std::optional<Reply>(const Received&)> override_reply;
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
  EXPECT_EQ(observer.last.pieces, 2U);
  EXPECT_EQ(observer.last.bytes, 16U);
  EXPECT_EQ(observer.last.bytes_total, 16U);
  EXPECT_EQ(observer.states.back(), "DONE");
}

TEST_F(PushRun, ARefusedChunkCancelsTheJobAndNamesTheFile) {
  upload_status = 413;
  const auto outcome = push();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kTooLarge);
  EXPECT_NE(outcome.error().public_message.find(paths[0].string()), std::string::npos);
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
  EXPECT_EQ(outcome->problems[0].file, paths[1]);
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

TEST_F(PushRun, RequestsCarryKeysAndEachChunkItsPlace) {
  ASSERT_TRUE(push());
  const auto received = server.received();
  const auto key = received[0].field("Idempotency-Key");
  EXPECT_EQ(received[1].field("Idempotency-Key"), key + "-0");
  EXPECT_EQ(received[1].field("Adit-Sequence"), "0");
  EXPECT_EQ(received[2].field("Idempotency-Key"), key + "-1");
  EXPECT_EQ(received[2].field("Adit-Sequence"), "1");
  EXPECT_EQ(received[3].field("Idempotency-Key"), key + "-execute");
}

TEST_F(PushRun, APassingFailureIsTriedAgainWithTheSameKey) {
  int uploads = 0;
  override_reply = [&](const Received& got) -> std::optional<Reply> {
    if (got.path != kJobs + "J/chunks/upserted") return std::nullopt;
    switch (++uploads) {
      case 1:
        return Reply{503, "{}"};
      case 2:
        return Reply{200, "", Reply::After::kHangUp};
      default:
        return std::nullopt;
    }
  };
  const auto outcome = push();
  ASSERT_TRUE(outcome) << outcome.error().public_message;
  EXPECT_EQ(uploads, 4) << "two for nothing, two that counted";
  const auto received = server.received();
  EXPECT_EQ(received[1].field("Idempotency-Key"), received[3].field("Idempotency-Key"));
  EXPECT_EQ(received[1].body, received[3].body);
}

TEST_F(PushRun, AJobThatWasDoneBeforeTheCancelIsAnOutcome) {
  override_reply = [&](const Received& got) -> std::optional<Reply> {
    if (got.path == kJobs + "J/cancel") return Reply{409, R"({"message":"it is DONE"})"};
    if (got.method == "GET" && got.path == kJobs + "J") {
      stop = true;  // an interrupt in the very moment in which the job lands
      return Reply{200, looks++ == 0 ? R"({"id":"J","status":"RUNNING"})"
                                     : R"({"id":"J","status":"DONE","adit":{"rowsLanded":2}})"};
    }
    return std::nullopt;
  };
  const auto outcome = push();
  ASSERT_TRUE(outcome) << outcome.error().public_message;
  EXPECT_EQ(outcome->job.status, "DONE");
  EXPECT_EQ(observer.cancels, 1);
}

}  // namespace
}  // namespace adit::client
