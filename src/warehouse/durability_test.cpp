// What stays after a stop, a crash, damage; and what a cancel leaves behind.
#include <gmock/gmock.h>

#include <thread>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::HasSubstr;

class Durability : public WarehouseTest {
 protected:
  std::filesystem::path pool_file() const { return folder_ / "pools" / pool_.to_string() / "pool.db"; }
  std::size_t files_set_aside() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(pool_file().parent_path())) {
      if (entry.path().string().find(".damaged-") != std::string::npos) ++count;
    }
    return count;
  }
};

TEST_F(Durability, ReopenedPoolShowsEverything) {
  auto pushed = job("t").csv("a\n1\n2\n").land();
  open();
  EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1", "2"}));
  const auto mark = warehouse_->landed(pool_, pushed.landing().job);
  ASSERT_TRUE(mark);
  ASSERT_TRUE(*mark);
  EXPECT_EQ((*mark)->rows, 2U);
  EXPECT_EQ((*mark)->landed_at, clock_.now());
}

TEST_F(Durability, LandingTwiceIsLandingOnce) {
  auto pushed = job("t", JobType::kDelta).csv("a\n1\n").land();
  const auto again = warehouse_->land(pushed.plan(), {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rows, 1U);
  EXPECT_EQ(rows("SELECT count(*) FROM t"), (Lines{"1"}));
}

TEST_F(Durability, WhatWasStagedBeforeARestartIsNotStagedAgain) {
  auto with = options();
  with.held_chunk_bytes_max = 0;
  open(with);
  auto pushed = job("t", JobType::kDelta, {"a"}).csv("a,b\n1,00012\n").csv("a,b\n2,\n");
  ASSERT_TRUE(warehouse_->stage(pushed.plan().stage, pushed.plan().chunks[0], {}));
  ASSERT_TRUE(warehouse_->stage(pushed.plan().stage, pushed.plan().chunks[1], {}));
  open();
  for (const auto& chunk : pushed.plan().chunks) std::filesystem::remove(chunk.path);
  pushed.land();
  EXPECT_EQ(columns("t"), "a BIGINT, b VARCHAR");
  EXPECT_EQ(rows("SELECT a, b FROM t ORDER BY a"), (Lines{"1|00012", "2|NULL"}));
}

TEST_F(Durability, ChunksThatComeOutOfOrderStandInTheirOrderAfterTheLanding) {
  for (const std::vector<std::string>& keys : {std::vector<std::string>{}, std::vector<std::string>{"a"}}) {
    auto pushed = job("t", JobType::kReplace, keys).csv("a,b\n1,x\n").csv("a,b\n2,y\n").csv("a,b\n3,z\n");
    for (const std::size_t place : {1U, 0U, 2U}) {
      ASSERT_TRUE(warehouse_->stage(pushed.plan().stage, pushed.plan().chunks[place], {}));
    }
    ASSERT_TRUE(warehouse_->land(pushed.plan(), {}));
    EXPECT_EQ(rows("SELECT a, b FROM t"), (Lines{"1|x", "2|y", "3|z"}));
  }
}

TEST_F(Durability, AChunkThatMovedOrWentLeavesNoRowsBehind) {
  auto pushed = job("t").csv("a\n1\n").csv("a\n2\n").csv("a\n3\n");
  for (const auto& chunk : pushed.plan().chunks)
    ASSERT_TRUE(warehouse_->stage(pushed.plan().stage, chunk, {}));
  open();
  auto plan = pushed.plan();
  std::filesystem::remove(plan.chunks[1].path);
  plan.chunks.erase(plan.chunks.begin() + 1);
  plan.chunks[1].position = 1;
  ASSERT_TRUE(warehouse_->stage(plan.stage, plan.chunks[1], {}));
  ASSERT_TRUE(warehouse_->land(plan, {}));
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1", "3"}));
}

TEST_F(Durability, MissingLandingsAreRepairedInOrder) {
  auto first = job("t").csv("a,b\n1,x\n2,y\n").land();
  auto second = job("t", JobType::kDelta, {"a"}).csv("a,b\n2,z\n").land();
  warehouse_.reset();
  std::filesystem::remove(pool_file());
  open(book_of({first.plan(), second.plan()}));
  EXPECT_EQ(rows("SELECT a, b FROM t ORDER BY a"), (Lines{"1|x", "2|z"}));
}

TEST_F(Durability, OnlyWhatHasNoMarkIsLandedAgain) {
  std::vector<LandPlan> plans;
  for (const auto* row : {"1", "2", "3", "4", "5", "6", "7"}) {
    auto pushed = job("t", JobType::kDelta).csv("a\n" + std::string(row) + "\n");
    if (plans.size() != 1 && plans.size() != 4) pushed.land();
    plans.push_back(pushed.plan());
  }
  job("t", JobType::kDelta).csv("a\n8\n").land();  // its chunks are not kept
  open(book_of(plans));
  EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1", "2", "3", "4", "5", "6", "7", "8"}));
  open(book_of(plans));
  EXPECT_EQ(rows("SELECT count(*) FROM t"), (Lines{"8"}));
}

TEST_F(Durability, DamagedFileIsSetAsideAndLandedAgain) {
  auto pushed = job("t").csv("a\n1\n").land();
  warehouse_.reset();
  {
    std::fstream damage(pool_file(), std::ios::in | std::ios::out | std::ios::binary);
    damage << std::string(8192, '\xAA');
  }
  open(book_of({pushed.plan()}));
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
  EXPECT_GE(files_set_aside(), 1U);
}

TEST_F(Durability, DamagedLogIsSetAsideAndTheRestStays) {
  auto first = job("t").csv("a\n1\n").land();
  warehouse_.reset();
  std::ofstream(pool_file().string() + ".wal", std::ios::binary) << std::string(4096, '\xAA');
  open(book_of({first.plan()}));
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
}

TEST_F(Durability, DiscardedJobLeavesNothing) {
  auto pushed = job("t").csv("a\n1\n");
  ASSERT_TRUE(pushed.stage_last());
  ASSERT_TRUE(warehouse_->discard(pool_, pushed.plan().stage.job));
  ASSERT_TRUE(warehouse_->discard(pool_, pushed.plan().stage.job));
  EXPECT_TRUE(warehouse_->tables(pool_)->empty());
  const auto mark = warehouse_->landed(pool_, pushed.plan().stage.job);
  ASSERT_TRUE(mark);
  EXPECT_FALSE(*mark);
}

TEST_F(Durability, StagedTablesAreInvisible) {
  auto pushed = job("t").csv("a\n1\n");
  ASSERT_TRUE(pushed.stage_last());
  EXPECT_TRUE(warehouse_->tables(pool_)->empty());
  auto name = "__adit_stage_" + pushed.plan().stage.job.to_string();
  std::erase(name, '-');
  EXPECT_EQ(warehouse_->columns(pool_, {.name = name}).error().kind, ErrorKind::kNotFound);
}

TEST_F(Durability, CancelWhileStagingLeavesNothing) {
  auto pushed = job("t").parquet("SELECT range AS a, md5(range::VARCHAR) AS b FROM range(1500000)");
  std::stop_source stop;
  std::jthread canceler([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto staged = warehouse_->stage(pushed.plan().stage, pushed.plan().chunks[0], stop.get_token());
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().kind, ErrorKind::kCanceled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  pushed.land();
  EXPECT_EQ(pushed.landing().rows, 1'500'000U);
}

TEST_F(Durability, CancelWhileLandingLeavesTheTableAsItWas) {
  job("t").csv("a,b\n-1,x\n").land();
  auto pushed = job("t", JobType::kDelta, {"a"})
                    .parquet("SELECT range // 2 AS a, md5(range::VARCHAR) AS b FROM range(1500000)");
  ASSERT_TRUE(pushed.stage_last());
  std::stop_source stop;
  std::jthread canceler([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(80));
    stop.request_stop();
  });
  const auto landed = warehouse_->land(pushed.plan(), stop.get_token());
  ASSERT_FALSE(landed);
  EXPECT_EQ(landed.error().kind, ErrorKind::kCanceled);
  EXPECT_EQ(rows("SELECT a, b FROM t"), (Lines{"-1|x"}));
  EXPECT_FALSE(*warehouse_->landed(pool_, pushed.plan().stage.job));
  pushed.land();
  EXPECT_EQ(rows("SELECT count(*) FROM t"), (Lines{"750001"}));
}

TEST_F(Durability, WhatTheEndOfItsPoolInterruptsIsNotCanceled) {
  auto pushed = job("t").parquet("SELECT range AS a, md5(range::VARCHAR) AS b FROM range(3000000)");
  const auto plan = pushed.plan();
  Result<Landing> landing = Error{};
  std::jthread lander([&] { landing = warehouse_->land(plan, {}); });
  while (!warehouse_->progress(plan.stage.job)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_TRUE(warehouse_->remove_pool(pool_));
  lander.join();
  ASSERT_FALSE(landing) << "it was too quick";
  EXPECT_EQ(landing.error().kind, ErrorKind::kUnavailable) << landing.error().internal_detail;
}

TEST_F(Durability, StopAskedForBeforehandIsHeard) {
  auto pushed = job("t").csv("a\n1\n");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(warehouse_->stage(pushed.plan().stage, pushed.plan().chunks[0], stop.get_token()).error().kind,
            ErrorKind::kCanceled);
  EXPECT_EQ(warehouse_->land(pushed.plan(), stop.get_token()).error().kind, ErrorKind::kCanceled);
}

TEST_F(Durability, CheckpointMovesTheLogIntoTheFile) {
  job("t").parquet("SELECT range AS a FROM range(100000)").land();
  ASSERT_TRUE(warehouse_->checkpoint(pool_));
  std::error_code error;
  const auto wal = std::filesystem::file_size(pool_file().string() + ".wal", error);
  EXPECT_TRUE(error || wal < 4096) << wal;
}

TEST_F(Durability, MorePoolsThanMayBeOpenAreServedInTurns) {
  auto limited = options();
  limited.pools_open_max = 2;
  open(limited);
  std::vector<TestJob> jobs;
  std::vector<LandPlan> plans;
  for (int i = 0; i < 5; ++i) {
    auto plan = job("t").csv("a\n" + std::to_string(i) + "\n").plan();
    plan.stage.pool = PoolId::random();
    const auto landed = warehouse_->land(plan, {});
    ASSERT_TRUE(landed) << landed.error().internal_detail;
    plans.push_back(plan);
  }
  for (int i = 0; i < 5; ++i) {
    const auto result =
        all_rows(*warehouse_, plans[static_cast<std::size_t>(i)].stage.pool, {.sql = "SELECT a FROM t"});
    ASSERT_TRUE(result) << result.error().public_message;
    EXPECT_EQ(text(result->rows.at(0).at(0)), std::to_string(i));
  }
}

TEST_F(Durability, JobsOfDifferentTablesLandAtTheSameTime) {
  std::vector<std::jthread> threads;
  std::atomic<int> failures = 0;
  std::vector<TestJob> jobs;
  for (int i = 0; i < 40; ++i) {
    jobs.push_back(job("t" + std::to_string(i % 4), JobType::kDelta));
    jobs.back().csv("a\n" + std::to_string(i) + "\n");
  }
  for (std::size_t worker = 0; worker < 8; ++worker) {
    threads.emplace_back([&, worker] {
      for (std::size_t i = worker; i < jobs.size(); i += 8) {
        const auto landed = warehouse_->land(jobs[i].plan(), {});
        if (!landed) ++failures;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(failures, 0);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(rows("SELECT count(*) FROM t" + std::to_string(i)), (Lines{"10"}));
}

TEST_F(Durability, ClosedWarehouseRefusesWork) {
  job("t").csv("a\n1\n").land();
  warehouse_->close();
  EXPECT_EQ(warehouse_->tables(pool_).error().kind, ErrorKind::kUnavailable);
}

class TableNames : public WarehouseTest {};

TEST_F(TableNames, AnythingIsAName) {
  for (const std::string& name :
       std::vector<std::string>{"a \"b\" 'c'", "../../etc/passwd", "t; DROP TABLE x; --", "🙂 🙃", "main.t",
                                "select", "a\nb", "pool.db"}) {
    SCOPED_TRACE(name);
    job(name).csv("a\n1\n").land();
    job(name, JobType::kDelta, {"a"}).csv("a\n1\n2\n").land();
    EXPECT_EQ(columns(name), "a BIGINT");
    const auto tables = warehouse_->tables(pool_);
    ASSERT_TRUE(tables);
    EXPECT_TRUE(std::ranges::any_of(*tables, [&](const auto& table) { return table.name == name; }));
  }
}

TEST_F(TableNames, SomeAreRefused) {
  for (const std::string& name :
       std::vector<std::string>{std::string(), std::string("a\0b", 3), std::string("__ADIT_x"),
                                std::string("\xFF"), std::string(300, 'x')}) {
    auto pushed = job(name).csv("a\n1\n");
    EXPECT_EQ(pushed.stage_last().error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(warehouse_->land(pushed.plan(), {}).error().kind, ErrorKind::kInvalid);
  }
}

TEST_F(TableNames, FailedChunkStopsTheLanding) {
  job("t").csv("a\n1\n").land();
  const auto landed = warehouse_->land(job("t").csv("a\n5\n").csv("a,b\n1\n").plan(), {});
  ASSERT_FALSE(landed);
  EXPECT_EQ(landed.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(landed.error().public_message, HasSubstr("Chunk 2"));
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
}

}  // namespace
}  // namespace adit
