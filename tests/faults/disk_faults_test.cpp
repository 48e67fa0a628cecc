// A disk that fails at one call of a push: every call in turn, each in several ways. The server lives, says
// what it could not do, has done what it said, and goes on without a restart.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "faults/fault_shim.h"
#include "faults/power_cut.h"
#include "support/engine_processes.h"
#include "support/files_below.h"
#include "support/push_client.h"
#include "support/server.h"
#include "support/test_data.h"

namespace adit::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

/// Some chunks are held in memory until their landing, larger ones go into a staging table.
constexpr const char* kHeldBytesMax = "1000";
constexpr int kRowsOfLargeChunk = 400;
constexpr const char* kEngineLog = "pool.db.wal";
/// Longer than a checkpoint's interval.
constexpr std::chrono::milliseconds kBroken{400};

/// Pushes that know what a table has to hold. Each has keys of its own in one table.
class PushesUnderFault : public ::testing::TestWithParam<const char*> {
 protected:
  PushesUnderFault()
      : server_({.flags = {"--tls-listen", "off", "--checkpoint-interval-ms", "150", "--held-chunk-bytes-max",
                           kHeldBytesMax, "--log-level", "info"}}),
        shim_(server_.data()) {}

  void TearDown() override {
    if (!HasFailure()) return;
    std::printf("--- %s; the server %s, and said:\n%s---\n", to_string(order_).c_str(),
                server_.running() ? "runs" : "has ended", server_.log().c_str());
  }

  void start() {
    auto environment = shim_.environment();
    environment["ADIT_ENGINE_IN_PROCESS"] = GetParam();
    if (pools_take_turns_) environment["ADIT_POOLS_OPEN_MAX"] = "1";
    server_.start(environment);
    if (!pool_id_.empty()) {
      client_.emplace(server_.http(), pool_id_);
      return;
    }
    client_.emplace(server_);
    pool_id_ = client_->pool();
    client_->push_done(spec(), {chunk(0, 1)});
    rows_[0] = 1;
  }

  static boost::json::object spec() { return csv_job("DELTA", "t", {{"keys", {"k"}}}); }
  /// Rows with the key `push` and numbers from 1 to `count`.
  static std::string chunk(int push, int count) {
    std::string text = "k,n\n";
    for (int n = 1; n <= count; ++n) {
      text += std::to_string(push * 1000 + n);
      text += "," + std::to_string(n) + "\n";
    }
    return text;
  }

  /// Sends until the server takes it: the fault is at one call, so the second try goes through. What a
  /// refusal says is looked at.
  template <class Send>
  void send(const std::string& what, const Send& send, int expected) {
    for (int attempt = 1;; ++attempt) {
      const HttpResponse response = send();
      if (response.status == expected) return;
      // A create or an execute that was refused may have happened all the same.
      if (attempt > 1 && what == "execute" && response.status == 409) return;
      if (order_.error == ENOSPC) {
        EXPECT_THAT(response.status, AnyOf(507, 503)) << what << ": " << response.body << "\n"
                                                      << server_.log(0, 2'000);
      } else {
        EXPECT_THAT(response.status, AnyOf(500, 503)) << what << ": " << response.body;
      }
      if (attempt == 3) {
        ADD_FAILURE() << what << " is refused again and again: " << response.body;
        return;
      }
    }
  }

  /// One push, with the fault somewhere in it. What it must have left stands in rows_ afterwards.
  void push(int number) {
    std::string job;
    send(
        "create",
        [&] {
          auto response = client_->try_create(spec());
          if (response.status == 200) job = std::string(response.json().at("id").as_string());
          return response;
        },
        200);
    if (job.empty()) return;
    for (const int count : {3, kRowsOfLargeChunk})
      send("upload", [&] { return client_->try_upload(job, chunk(number, count)); }, 200);
    send("execute", [&] { return client_->try_execute(job); }, 200);
    const auto ended = client_->wait(job, std::chrono::seconds{20});
    statuses_[job] = std::string(ended.at("status").as_string());
    if (ended.at("status") == "DONE") {
      rows_[number] = kRowsOfLargeChunk;
      return;
    }
    ++errors_;
    EXPECT_EQ(ended.at("status"), "ERROR") << logs_of(ended);
    EXPECT_THAT(logs_of(ended), AnyOf(HasSubstr("disk"), HasSubstr("internal error"))) << to_string(order_);
    rows_[number] = 0;
  }

  struct Attempt {
    int number = 0;
    std::string job;
    bool executed = false;
  };
  /// One push while all calls fail: nothing is tried twice, whatever is answered.
  void attempt(Attempt& made) {
    const auto created = client_->try_create(spec());
    if (created.status != 200) return;
    made.job = std::string(created.json().at("id").as_string());
    if (client_->try_upload(made.job, chunk(made.number, kRowsOfLargeChunk)).status != 200) return;
    made.executed = client_->try_execute(made.job).status == 200;
  }
  /// Pushes and queries until the disk works again, and then what became of them.
  void push_while_broken() {
    std::vector<Attempt> attempts;
    for (const auto end = std::chrono::steady_clock::now() + kBroken;
         std::chrono::steady_clock::now() < end;) {
      attempt(attempts.emplace_back(++pushes_));
      // With one open pool at most, each of these closes the one and opens the other.
      if (pools_take_turns_) static_cast<void>(other_->try_query("SELECT 1"));
      static_cast<void>(client_->try_query("SELECT count(*) FROM t"));
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    shim_.stop();
    find_out(attempts);
  }
  /// What has become of the attempts, now that the disk works.
  void find_out(const std::vector<Attempt>& attempts) {
    for (const auto& [number, job, executed] : attempts) {
      rows_[number] = 0;
      if (job.empty()) continue;
      auto status = client_->status(job);
      if (!is_final_status(status) && status != "NEW")
        status = std::string(client_->wait(job).at("status").as_string());
      if (executed) {
        EXPECT_THAT(status, AnyOf("DONE", "ERROR"));
      }
      if (status == "ERROR") ++errors_;
      if (status == "DONE") rows_[number] = kRowsOfLargeChunk;
      statuses_[job] = status;
    }
  }

  void expect_rows(const std::string& after) {
    std::map<int, int> found;
    for (const auto& row : client_->rows("SELECT k // 1000, count(*) FROM t GROUP BY 1"))
      found[std::stoi(row[0])] = std::stoi(row[1]);
    for (const auto& [job, status] : statuses_) {
      const auto response = client_->http().get(client_->job_path(job));
      ASSERT_EQ(response.status, 200) << "a job that was " << status << " is gone after " << after;
      EXPECT_EQ(response.json().at("status").as_string(), status) << job << " after " << after;
    }
    for (const auto& [push, rows] : rows_)
      EXPECT_EQ(found[push], rows) << "push " << push << " after " << after;
  }

  /// Waits out the pause of an engine that has ended more than once: until then its pool answers 503.
  bool answers_again() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (client_->try_query("SELECT 1").status == 503) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return true;
  }
  /// Of the server's log.
  std::string lines_with(const std::string& text) const {
    std::ifstream file(server_.log_path());
    std::string found;
    for (std::string line; std::getline(file, line);) {
      if (line.contains(text)) found += line + "\n";
    }
    return found;
  }
  bool anything_set_aside() const {
    for (const auto& file : files_below(server_.data() / "pools")) {
      if (file.string().contains(".damaged-")) return true;
    }
    return false;
  }

  /// The order at the first call, at the second, … of one push each, until a push has no such call.
  void sweep(FaultOrder order, int calls_max) {
    for (int call = 0; call < calls_max && !HasFailure(); ++call) {
      order.before = call;
      order_ = order;
      shim_.order(order);
      SCOPED_TRACE(to_string(order));
      push(++pushes_);
      const bool reached = shim_.done() > 0;
      shim_.stop();
      if (reached) ++faults_;
      push(++pushes_);
      ASSERT_TRUE(server_.running()) << server_.log();
      if (!reached) return;
    }
    if (!HasFailure()) expect_rows(to_string(order));
  }

  void report(const char* what) const {
    std::printf("%s, engine in process %s: %d faults in %d pushes, %d jobs in ERROR\n", what, GetParam(),
                faults_, pushes_, errors_);
  }

  void expect_rows_after_restart() {
    EXPECT_EQ(server_.terminate(), ExitStatus::exited(0)) << server_.log();
    start();
    expect_rows("the restart");
  }
  void expect_everything_after_restart() {
    expect_rows_after_restart();
    EXPECT_FALSE(anything_set_aside()) << lines_with("warehouse.");
  }

  Server server_;
  FaultShim shim_;
  std::string pool_id_;
  std::optional<PoolClient> client_;
  bool pools_take_turns_ = false;
  std::optional<PoolClient> other_;
  FaultOrder order_;
  std::map<int, int> rows_;                      ///< by push
  std::map<std::string, std::string> statuses_;  ///< by job; final ones
  int pushes_ = 0;
  int faults_ = 0;
  int errors_ = 0;
};

constexpr std::array kChanging{CallClass::kCreate,     CallClass::kWrite,     CallClass::kSyncFile,
                               CallClass::kSyncFolder, CallClass::kRename,    CallClass::kRemove,
                               CallClass::kResize,     CallClass::kMakeFolder};
constexpr std::array kPlaces{"catalog.db", "/chunks/", "/pools/"};
constexpr int kCallsMax = 60;

TEST_P(PushesUnderFault, FindNoSpaceAtOneCall) {
  start();
  for (const auto on : kChanging) {
    for (const auto* place : kPlaces)
      sweep({.deed = Deed::kFail, .on = on, .error = ENOSPC, .where = place}, kCallsMax);
  }
  expect_everything_after_restart();
  report("no space");
}

TEST_P(PushesUnderFault, FindABrokenDiskAtOneCall) {
  start();
  for (const auto on : kChanging) {
    for (const auto* place : kPlaces)
      sweep({.deed = Deed::kFail, .on = on, .error = EIO, .where = place}, kCallsMax);
  }
  expect_everything_after_restart();
  report("input/output error");
}

TEST_P(PushesUnderFault, AreWrittenShort) {
  start();
  for (const auto* place : kPlaces)
    sweep({.deed = Deed::kWriteShort, .on = CallClass::kWrite, .where = place}, kCallsMax);
  EXPECT_EQ(errors_, 0);
  expect_everything_after_restart();
  report("short writes");
}

/// Not one call but all from one on fail, through checkpoints and the engine's attempts to open its file
/// again.
TEST_P(PushesUnderFault, FindADiskThatIsBrokenForAWhile) {
  pools_take_turns_ = true;
  start();
  other_.emplace(server_);
  for (const auto on :
       {CallClass::kWrite, CallClass::kSyncFile, CallClass::kResize, CallClass::kCreate, CallClass::kAny}) {
    for (const auto* place : kPlaces) {
      for (const int error : {ENOSPC, EIO}) {
        if (HasFailure()) return;
        order_ = {.deed = Deed::kFail,
                  .on = on,
                  .before = (error == EIO) ? 2 : 6,
                  .times = 1'000'000,
                  .error = error,
                  .where = place,
                  // Has a test of its own.
                  .spared_cut = kEngineLog};
        SCOPED_TRACE(to_string(order_));
        shim_.order(order_);
        push_while_broken();
        faults_ += static_cast<int>(shim_.done());
        push(++pushes_);
        ASSERT_TRUE(server_.running()) << server_.log();
        expect_rows(to_string(order_));
        ASSERT_FALSE(anything_set_aside()) << lines_with("warehouse.");
      }
    }
  }
  expect_everything_after_restart();
  report("a broken disk for a while");
}

/// A commit whose log can neither be written nor cut back to where it was ends the engine's process: the
/// engine throws where it may not. With the engine in the server, that is the server; nothing acknowledged is
/// lost.
TEST_P(PushesUnderFault, FindALogThatCanNotBeCutBack) {
  const bool in_server = std::string_view(GetParam()) == "true";
  constexpr int kTriesMax = 50;
  start();
  bool ended = false;
  for (int i = 0; i < kTriesMax && !ended && !HasFailure(); ++i) {
    push(++pushes_);  // so that there is a log
    // Later calls too, so that it is the landing's commit that fails in the middle.
    order_ = {.deed = Deed::kFail,
              .on = CallClass::kAny,
              .before = i % 12,
              .times = 1'000'000,
              .error = ENOSPC,
              .where = kEngineLog};
    shim_.order(order_);
    std::vector<Attempt> attempts;
    try {
      attempt(attempts.emplace_back(++pushes_));
      ended = server_.wait(std::chrono::milliseconds{100}).has_value();
    } catch (const TransportError&) {
      ended = server_.wait(std::chrono::seconds{20}).has_value();
      ASSERT_TRUE(ended) << "an answer was lost, and the server lives";
    }
    shim_.stop();
    if (ended) {
      ASSERT_TRUE(in_server) << "the engine's end was the server's";
      EXPECT_THAT(server_.log(), HasSubstr("Could not truncate file"));
      start();
    }
    find_out(attempts);
    if (!in_server) ended = !lines_with("engine.ended").empty();
    ASSERT_TRUE(answers_again());
    expect_rows("a log that can't be cut back");
  }
  EXPECT_TRUE(ended) << "the engine has learnt to live: say so in RELIABILITY.md";
  // A log that ends in the middle of an entry may have been set aside, and what it held landed again.
  expect_rows_after_restart();
}

INSTANTIATE_TEST_SUITE_P(EngineInProcess, PushesUnderFault, ::testing::Values("true", "false"));

/// The sync of a file fails once, work goes on, and then the power is cut: what the failed sync was to write
/// is lost, and whatever was acknowledged is there.
class SyncFailsThenPower : public PushesUnderFault {};

TEST_P(SyncFailsThenPower, NothingAcknowledgedIsLost) {
  std::filesystem::create_directories(server_.data());
  PowerCutDisk disk(server_.data());
  Rng rng(1);
  shim_.begin_log();
  start();
  constexpr int kCalls = 10;
  for (const auto* place : {"catalog.db", "/pools/"}) {
    for (int call = 0; call < kCalls && !HasFailure(); ++call) {
      order_ = {
          .deed = Deed::kFail, .on = CallClass::kSyncFile, .before = call, .error = EIO, .where = place};
      shim_.order(order_);
      SCOPED_TRACE(to_string(order_));
      for (int i = 0; i < 2; ++i) push(++pushes_);
      if (shim_.done() > 0) ++faults_;
      shim_.stop();
      shim_.power_off();
      ASSERT_TRUE(kill_with_engines(server_));
      shim_.power_on();
      disk.apply(shim_.log());
      const auto lost = disk.cut(PowerCutDisk::Unsynced::kNothingStays, rng);
      shim_.begin_log();
      start();
      expect_rows("a power cut; lost is\n" + lost);
    }
  }
  report("failed sync, then power off");
}

/// A first start dies after each folder that it makes and before it is synced; the second finds the folder.
/// What that one acknowledges must not hang on what the first did not finish.
class FoldersOfADeadProcess : public ::testing::TestWithParam<const char*> {};

TEST_P(FoldersOfADeadProcess, AreMadeCertainByTheNext) {
  Rng rng(1);
  int killed = 0;
  for (int call = 0; call < 20; ++call) {
    Server server({.flags = {"--tls-listen", "off"}});
    FaultShim shim(server.data());
    std::filesystem::create_directories(server.data());
    PowerCutDisk disk(server.data());
    auto environment = shim.environment();
    environment["ADIT_ENGINE_IN_PROCESS"] = GetParam();
    environment["ADIT_CHUNK_RETENTION_HOURS"] = "0";
    shim.begin_log();
    shim.order({.deed = Deed::kKillAfter, .on = CallClass::kMakeFolder, .before = call});
    std::string pool;
    std::string job;
    const auto push = [&] {
      auto http = server.http();
      if (pool.empty()) pool = create_pool(http, "first");
      PoolClient client(server.http(), pool);
      const auto done = client.push(csv_job("REPLACE", "t"), {"a\n1\n"});
      EXPECT_EQ(done.at("status"), "DONE") << logs_of(done);
      job = std::string(done.at("id").as_string());
    };
    const auto has_chunks = [&] {
      return std::ranges::any_of(server.chunk_files(pool),
                                 [&](const auto& file) { return file.filename().string().starts_with(job); });
    };
    try {
      server.start(environment);
      push();
    } catch (const std::runtime_error&) {
      ASSERT_TRUE(shim.power_is_off()) << server.log();
    }
    ASSERT_TRUE(kill_with_engines(server));
    if (!shim.power_is_off()) break;
    ++killed;
    shim.stop();
    shim.power_on();
    server.start(environment);
    push();
    ASSERT_TRUE(kill_with_engines(server));
    // What has landed no longer has its chunk to come from.
    server.start(environment);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (has_chunks() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    EXPECT_FALSE(has_chunks());
    ASSERT_TRUE(kill_with_engines(server));
    disk.apply(shim.log());
    disk.write_back(server.data() / "chunks" / pool / job.substr(0, 2));
    const auto lost = disk.cut(PowerCutDisk::Unsynced::kNothingStays, rng);
    shim.begin_log();
    server.start(environment);
    const auto answer = PoolClient(server.http(), pool).try_query("SELECT a FROM t");
    EXPECT_EQ(answer.status, 200) << "after folder " << call << ": " << answer.body << "; lost is\n" << lost;
  }
  EXPECT_GE(killed, 4);
}

INSTANTIATE_TEST_SUITE_P(EngineInProcess, FoldersOfADeadProcess, ::testing::Values("true", "false"));
INSTANTIATE_TEST_SUITE_P(EngineInProcess, SyncFailsThenPower, ::testing::Values("true", "false"));

}  // namespace
}  // namespace adit::test
