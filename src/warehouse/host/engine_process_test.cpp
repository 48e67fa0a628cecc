// What the end of an engine's process costs, and what not.
#include <future>

#include "warehouse/host/engine_process_fixture.h"

namespace adit {
namespace {

using testing::HasSubstr;

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    static_cast<void>(entry);
    ++count;
  }
  return count;
}

TEST_F(EngineProcess, IsNamedForItsPoolAndShutIn) {
  fill(pool_);
  const auto pid = process_of(pool_);
  ASSERT_GT(pid, 0);
  const auto status = read_text("/proc/" + std::to_string(pid) + "/status");
  EXPECT_THAT(status, HasSubstr("Name:\tadit-engine\n"));
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2\n"));
  EXPECT_THAT(read_text("/proc/" + std::to_string(pid) + "/environ"), testing::Not(HasSubstr("PATH=")));
}

TEST_F(EngineProcess, KilledWhileIdleCostsNothing) {
  fill(pool_);
  const auto before = process_of(pool_);
  kill_process_of(pool_);
  while (!has_ended(before)) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
  EXPECT_NE(process_of(pool_), before);
  EXPECT_EQ(metrics_.engine_hosts_died.Value(), 1);
}

TEST_F(EngineProcess, KilledWhileItLooksAtUploadsCostsNone) {
  auto pushed = job("t").parquet("SELECT 1 AS a");
  const auto look = [&] {
    return warehouse_->inspect(pushed.plan().stage, ChunkOperation::kUpsert, pushed.plan().chunks[0].path);
  };
  ASSERT_TRUE(look());
  const auto process = engine_processes()["uploads"];
  ASSERT_GT(process, 0);
  stop_process(process);
  std::jthread killer([&] {
    std::this_thread::sleep_for(100ms);
    ::kill(process, SIGKILL);
  });
  const auto columns = look();
  ASSERT_TRUE(columns) << columns.error().public_message;
  EXPECT_EQ(columns->size(), 1U);
  EXPECT_EQ(metrics_.engine_hosts_died.Value(), 1);
}

TEST_F(EngineProcess, EndedWhileStagingIsUnavailableAndGoesThroughLater) {
  for (const std::uint64_t held : {0U, 1U << 18}) {
    arm(held == 0 ? "warehouse.stage.before_commit" : "warehouse.held");
    auto with = options();
    with.held_chunk_bytes_max = held;
    open(with);
    auto pushed = job("t").csv("a\n1\n2\n");
    const auto staged = warehouse_->stage(pushed.plan().stage, pushed.plan().chunks[0], {});
    ASSERT_FALSE(staged);
    EXPECT_EQ(staged.error().kind, ErrorKind::kUnavailable) << staged.error().internal_detail;
    pushed.land();
    EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1", "2"}));
  }
}

TEST_F(EngineProcess, ChunkThatEndsItTwiceIsAFailedChunkWhileOtherPoolsGoOn) {
  arm("warehouse.held", 1000);
  fill(other_);
  auto pushed = job("t").csv("a\n1\n");
  const auto first = warehouse_->stage(pushed.plan().stage, pushed.plan().chunks[0], {});
  EXPECT_EQ(first.error().kind, ErrorKind::kUnavailable);
  const auto second = warehouse_->stage(pushed.plan().stage, pushed.plan().chunks[0], {});
  ASSERT_TRUE(second) << second.error().internal_detail;
  ASSERT_EQ(second->errors.size(), 1U);
  EXPECT_THAT(second->errors[0].message, HasSubstr("ended twice while it read this chunk"));
  EXPECT_EQ(metrics_.engine_hosts_died.Value(), 2);
  const auto third = warehouse_->stage(pushed.plan().stage, pushed.plan().chunks[0], {});
  ASSERT_TRUE(third);
  EXPECT_EQ(third->errors.size(), 1U);
  EXPECT_EQ(metrics_.engine_hosts_died.Value(), 2) << "it was not tried again";
  EXPECT_TRUE(count(other_));
}

TEST_F(EngineProcess, EndedBeforeTheCommitLeavesTheTableAndLandsLater) {
  fill(pool_);
  arm("warehouse.land.before_commit");
  auto pushed = job("t", JobType::kDelta).csv("a\n2\n");
  EXPECT_EQ(warehouse_->land(pushed.plan(), {}).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
  pushed.land();
  EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1", "2"}));
}

TEST_F(EngineProcess, EndedAfterTheCommitHasLandedOnce) {
  arm("warehouse.land.after_commit", 1000);
  auto pushed = job("t", JobType::kDelta).csv("a\n2\n");
  EXPECT_EQ(warehouse_->land(pushed.plan(), {}).error().kind, ErrorKind::kUnavailable);
  const auto again = warehouse_->land(pushed.plan(), {});
  ASSERT_TRUE(again) << again.error().internal_detail;
  EXPECT_EQ(again->rows, 1U);
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"2"}));
}

TEST_F(EngineProcess, LandingThatEndsItTwiceIsGivenUpAndTheTableIsAsItWas) {
  fill(pool_);
  arm("warehouse.land.before_commit", 1000);
  auto pushed = job("t", JobType::kDelta).csv("a\n2\n");
  EXPECT_EQ(warehouse_->land(pushed.plan(), {}).error().kind, ErrorKind::kUnavailable);
  for (int i = 0; i < 2; ++i) {
    const auto landed = warehouse_->land(pushed.plan(), {});
    ASSERT_FALSE(landed);
    EXPECT_EQ(landed.error().kind, ErrorKind::kInternal);
    EXPECT_THAT(landed.error().public_message, HasSubstr("ended twice while this job landed"));
  }
  EXPECT_EQ(metrics_.engine_hosts_died.Value(), 2);
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
}

TEST_F(EngineProcess, EndedInAStreamEndsTheStreamAndNoOther) {
  constexpr std::uint64_t kRows = 3'000'000;
  const QueryRequest all{.sql = "SELECT range AS a FROM range(3000000)", .row_limit = kRows};
  fill(pool_);
  fill(other_);
  auto stream = *warehouse_->open_query(pool_, all, {});
  auto other = *warehouse_->open_query(other_, all, {});
  std::vector<std::vector<Cell>> batch;
  ASSERT_TRUE(stream->next(batch));
  kill_process_of(pool_);
  Result<void> more;
  do {
    more = stream->next(batch);
  } while (more && !batch.empty());
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind, ErrorKind::kUnavailable);
  stream.reset();
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
  std::uint64_t seen = 0;
  do {
    ASSERT_TRUE(other->next(batch));
    seen += batch.size();
  } while (!batch.empty());
  EXPECT_EQ(seen, kRows);
}

TEST_F(EngineProcess, IsNotSentAQueryThatIsTooLong) {
  fill(pool_);
  const auto process = process_of(pool_);
  stop_process(process);
  const QueryRequest longer{.sql = "SELECT 1 /*" + std::string(400'000, 'x') + "*/"};
  const auto rows = warehouse_->open_query(pool_, longer, {});
  const auto parquet = warehouse_->query_parquet(pool_, longer, {});
  ::kill(process, SIGCONT);
  ASSERT_FALSE(rows);
  EXPECT_THAT(rows.error().public_message, HasSubstr("longer than 100000 bytes"));
  ASSERT_FALSE(parquet);
  EXPECT_THAT(parquet.error().public_message, HasSubstr("longer than 100000 bytes"));
}

TEST_F(EngineProcess, LandsAgainMoreThanAMessageHolds) {
  auto first = job("t").csv("a,b\n1,x\n2,y\n");
  auto second = job("t", JobType::kDelta, {"a"}).csv("a,b\n2,z\n");
  std::vector<LandPlan> plans{first.plan(), second.plan()};
  for (auto& plan : plans) plan.stage.spec.foreign_keys = std::string(130 << 20, 'x');
  open(book_of(plans));
  EXPECT_EQ(rows("SELECT a, b FROM t ORDER BY a"), (Lines{"1|x", "2|z"}));
  warehouse_.reset();
}

TEST_F(EngineProcess, ThatNobodyAsksEnds) {
  hosts_.life_interval = 20ms;
  hosts_.idle_max = 100ms;
  open();
  fill(pool_);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!engine_processes().empty() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(engine_processes().empty());
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
  EXPECT_EQ(metrics_.engine_hosts_died.Value(), 0);
}

TEST_F(EngineProcess, ThatEndsAgainAndAgainIsGivenAPause) {
  fill(pool_);
  std::optional<Error> refused;
  for (int i = 0; i < 6 && !refused; ++i) {
    ASSERT_NO_FATAL_FAILURE(kill_process_of(pool_));
    // The first answer may come from the one that is ending.
    auto answer = count(pool_);
    if (!answer) answer = count(pool_);
    if (!answer && answer.error().public_message.contains("given a pause")) refused = answer.error();
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->kind, ErrorKind::kUnavailable);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!count(pool_) && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(count(pool_));
}

TEST_F(EngineProcess, AHundredOfThemLeaveNothingBehind) {
  hosts_.idle_max = 1ms;
  hosts_.life_interval = 1h;
  auto with = options();
  with.pools_open_max = 1;
  open(with);
  fill(pool_);
  fill(other_);
  const auto descriptors = open_descriptors();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(count(pool_));
    ASSERT_TRUE(count(other_));
  }
  EXPECT_LE(open_descriptors(), descriptors + 1);
  EXPECT_GE(metrics_.engine_hosts_started.Value(), 100);
  EXPECT_EQ(engine_processes().size(), 1U);
  warehouse_.reset();
  EXPECT_TRUE(engine_processes().empty());
}

TEST_F(EngineProcess, WhoseJobTakesTooMuchMemoryIsKilledAndTheJobGivenUp) {
  open_with_little_memory();
  fill(other_);
  const auto pushed = job_of_much_memory();
  std::vector<std::string> said;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const auto landed = warehouse_->land(pushed, {});
    if (!landed) said.push_back(landed.error().public_message);
  }
  EXPECT_THAT(said, testing::Contains(HasSubstr("ended twice while this job landed")));
  EXPECT_GE(metrics_.engine_hosts_died.Value(), 2);
  EXPECT_TRUE(count(other_));
}

TEST_F(EngineProcess, GivesParquetAsADescriptor) {
  fill(pool_);
  const auto result = warehouse_->query_parquet(pool_, {.sql = "SELECT a FROM t"}, {});
  ASSERT_TRUE(result) << result.error().internal_detail;
  char magic[4] = {};
  ASSERT_EQ(::pread(result->file.get(), magic, sizeof magic, 0), 4);
  EXPECT_EQ(std::string(magic, 4), "PAR1");
  EXPECT_GT(result->bytes, 100U);
}

}  // namespace
}  // namespace adit
