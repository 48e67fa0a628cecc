// Engines' processes that hang: they answer nothing, or read nothing.
#include <sys/stat.h>

#include <future>

#include "warehouse/host/engine_process_fixture.h"

namespace adit {
namespace {

using testing::HasSubstr;

/// A look at an upload that does not come to its end in either of two processes.
class EndlessLook : public EngineProcess {
 protected:
  void begin(std::chrono::milliseconds life_timeout) {
    hosts_.life_interval = 5ms;
    hosts_.life_timeout = life_timeout;
    open();
    auto pushed = job("t").parquet("SELECT 1 AS a");
    ASSERT_TRUE(look(pushed.plan()));
    // Who opens it waits for somebody who writes.
    const auto path = pushed.plan().chunks[0].path;
    std::filesystem::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const auto first = engine_processes()["uploads"];
    said_ = std::async(std::launch::async, [this, plan = pushed.plan()] { return look(plan); });
    std::this_thread::sleep_for(50ms);  // or it was asked nothing: then the second is as well the first
    ASSERT_EQ(::kill(first, SIGKILL), 0);
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (second_ == 0 || second_ == first) {
      second_ = engine_processes()["uploads"];
      ASSERT_LT(std::chrono::steady_clock::now(), end);
    }
  }
  void expect(ErrorKind kind, const std::string& text) {
    const bool in_time = said_.wait_for(20s) == std::future_status::ready;
    EXPECT_TRUE(in_time);
    if (!in_time) ::kill(second_, SIGKILL);
    const auto columns = said_.get();
    ASSERT_FALSE(columns);
    EXPECT_EQ(columns.error().kind, kind);
    EXPECT_THAT(columns.error().public_message, HasSubstr(text));
  }
  Result<std::vector<ColumnInfo>> look(const LandPlan& plan) {
    return warehouse_->inspect(plan.stage, ChunkOperation::kUpsert, plan.chunks[0].path);
  }

  pid_t second_ = 0;
  std::future<Result<std::vector<ColumnInfo>>> said_;
};

TEST_F(EndlessLook, HasADeadlineInTheSecondProcess) {
  begin(700ms);
  expect(ErrorKind::kUnavailable, "could not be looked at in time");
}

TEST_F(EndlessLook, IsWatchedInTheSecondProcess) {
  begin(2s);
  std::this_thread::sleep_for(200ms);  // it takes its configuration
  stop_process(second_);
  expect(ErrorKind::kInvalid, "ended each time it looked at it");
}

class HangingEngine : public EngineProcess {
 protected:
  /// Of a pool with a table, looked at often.
  void hang_watched() {
    hosts_.life_interval = 50ms;
    hosts_.life_timeout = 300ms;
    open();
    fill(pool_);
    stop_process(process_of(pool_));
  }
};

TEST_F(HangingEngine, IsKilledAndStartedAgain) {
  hang_watched();
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = count(pool_);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
}

TEST_F(HangingEngine, IsKilledThoughNobodyCanSendItAnythingAnyMore) {
  hang_watched();
  const auto begin = std::chrono::steady_clock::now();
  const QueryRequest large{.sql = "SELECT 1 /*" + std::string(90'000, 'x') + "*/"};
  std::stop_source left;
  std::vector<std::future<Result<std::unique_ptr<RowStream>>>> answers;
  for (int i = 0; i < 6; ++i) {
    answers.push_back(std::async(std::launch::async,
                                 [&] { return warehouse_->open_query(pool_, large, left.get_token()); }));
  }
  std::this_thread::sleep_for(100ms);
  const auto leaving = std::chrono::steady_clock::now();
  left.request_stop();
  EXPECT_LT(std::chrono::steady_clock::now() - leaving, 100ms) << "who leaves waits for nobody";
  for (auto& answer : answers) EXPECT_FALSE(answer.get());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
}

TEST_F(HangingEngine, KeepsNobodyWaitingWhoAsksHowAJobGoes) {
  fill(pool_);
  auto pushed = job("t").csv("a\n2\n");
  const auto process = process_of(pool_);
  stop_process(process);
  std::jthread landing([&] { pushed.land(); });
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  std::chrono::steady_clock::duration longest{};
  for (int asked = 0; asked < 3 && std::chrono::steady_clock::now() < deadline;) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(warehouse_->progress(pushed.plan().stage.job), std::nullopt);
    const auto took = std::chrono::steady_clock::now() - begin;
    longest = std::max(longest, took);
    if (took > 100ms) ++asked;  // before the landing has begun nobody is asked
  }
  EXPECT_GT(longest, 100ms) << "the process was asked";
  EXPECT_LT(longest, 2s);
  ::kill(process, SIGCONT);
  landing.join();
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"2"})) << "and works on";
}

TEST_F(HangingEngine, KeepsNoOtherFromBeingStoppedThatTakesTooMuchMemory) {
  hosts_.life_timeout = 60s;
  open_with_little_memory();
  fill(pool_);
  const auto process = process_of(pool_);
  stop_process(process);
  std::this_thread::sleep_for(200ms);  // it is asked for a sign of life
  auto pushed = job_of_much_memory();
  pushed.stage.pool = other_;
  const auto begin = std::chrono::steady_clock::now();
  const auto landing = warehouse_->land(pushed, {});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
  ASSERT_FALSE(landing) << "it was not looked at";
  EXPECT_EQ(landing.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(::kill(process, SIGCONT), 0) << "the one that hangs was not it";
}

/// A chunk of another pool is staged while chunks of a hanging one are under way.
class StagesOfAHangingEngine : public EngineProcess {
 protected:
  void begin(std::size_t stages_max) {
    hosts_.life_timeout = 60s;
    auto with = options();
    with.stages_max = stages_max;
    open(with);
    fill(pool_);
    process_ = process_of(pool_);
    stop_process(process_);
  }
  void TearDown() override {
    if (process_ != 0) ::kill(process_, SIGKILL);
    under_way_.clear();
    EngineProcess::TearDown();
  }
  void stage_there() {
    under_way_.push_back(std::async(std::launch::async, [this, plan = job("u").csv("a\n1\n").plan()] {
      return warehouse_->stage(plan.stage, plan.chunks[0], {});
    }));
  }
  void expect_staged_elsewhere() {
    std::this_thread::sleep_for(200ms);  // or they have not begun: then nothing is in the way
    auto plan = job("t").csv("a\n1\n").plan();
    plan.stage.pool = other_;
    auto staged =
        std::async(std::launch::async, [&] { return warehouse_->stage(plan.stage, plan.chunks[0], {}); });
    const bool in_time = staged.wait_for(8s) == std::future_status::ready;
    EXPECT_TRUE(in_time);
    if (!in_time) ::kill(process_, SIGKILL);
    EXPECT_TRUE(staged.get());
  }

  pid_t process_ = 0;
  std::vector<std::future<Result<StagedChunk>>> under_way_;
};

TEST_F(StagesOfAHangingEngine, LeaveAPlaceToOtherPools) {
  begin(2);
  for (int i = 0; i < 3; ++i) stage_there();
  expect_staged_elsewhere();
}

TEST_F(StagesOfAHangingEngine, WaitForASmallerLogWithoutAPlace) {
  begin(1);
  std::filesystem::resize_file(folder_ / "pools" / pool_.to_string() / "pool.db.wal", (1ULL << 30) + 1);
  stage_there();
  expect_staged_elsewhere();
}

}  // namespace
}  // namespace adit
