// Jobs that are larger than the memory their pool may take: they end by spilling to disk, or in an error that
// names the setting, and then nothing has changed. And pools that take none, because nobody asks for them.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "warehouse/duckdb/open_pool.h"
#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

/// About 240 MB as rows, in a pool of 128 MiB.
constexpr const char* kLarge =
    "SELECT range AS id, md5(range::VARCHAR) || md5((range + 1)::VARCHAR) || md5((range + 2)::VARCHAR) AS "
    "text "
    "FROM range(2000000)";

class SmallMemory : public WarehouseTest {
 protected:
  void SetUp() override {
    WarehouseTest::SetUp();
    auto with = options();
    with.memory_bytes_max = 128 << 20;
    with.pools_open_max = 1;
    with.threads_per_pool = 2;
    open(with);
  }
  // A process of its own is killed above its share, which has a test of its own (EngineProcess).
  bool in_processes_of_their_own() const override { return false; }
};

TEST_F(SmallMemory, AReplaceOfMoreThanItLandsWhole) {
  const auto landed = warehouse_->land(job("t").parquet(kLarge).plan(), {});
  ASSERT_TRUE(landed) << landed.error().public_message << landed.error().internal_detail;
  EXPECT_THAT(rows("SELECT count(*), min(id), max(id), min(length(text)) FROM t"),
              testing::ElementsAre("2000000|0|1999999|96"));
}

TEST_F(SmallMemory, AnUpsertOfMoreThanItLandsOrLeavesTheTableAsItWasAndSaysWhichSetting) {
  ASSERT_TRUE(warehouse_->land(job("t", JobType::kDelta, {"id"}).parquet(kLarge).plan(), {}));
  // All rows again, then the second half once more and a million new ones.
  const std::string changed =
      "SELECT CASE WHEN range < 2000000 THEN range ELSE range - 1000000 END AS id, CASE WHEN range < 2000000 "
      "THEN "
      "md5(range::VARCHAR) ELSE 'again' END AS text FROM range(4000000)";
  const auto landed = warehouse_->land(job("t", JobType::kDelta, {"id"}).parquet(changed).plan(), {});
  const auto table = rows("SELECT count(*), count(DISTINCT id), count(*) FILTER (text = 'again') FROM t");
  if (landed) {
    EXPECT_THAT(table, testing::ElementsAre("3000000|3000000|2000000"));
  } else {
    EXPECT_THAT(landed.error().public_message, HasSubstr("--memory-bytes-max"));
    EXPECT_THAT(table, testing::ElementsAre("2000000|2000000|0"));
  }
  // Whatever became of it: the pool goes on.
  ASSERT_TRUE(warehouse_->land(job("u").csv("a\n1\n").plan(), {}));
  EXPECT_THAT(rows("SELECT a FROM u"), testing::ElementsAre("1"));
}

TEST_F(SmallMemory, KeepsNothingOfTheChunksThatWereRead) {
  const auto chunk = parquet("SELECT range AS a FROM range(1000)");
  auto pool = OpenPool::open(
      PoolId::random(),
      {.folder = folder_ / "pools" / "kept", .chunks_root = folder_ / "chunks", .memory_bytes = 128 << 20});
  ASSERT_TRUE(pool) << pool.error().error.internal_detail;
  auto connection = (*pool)->borrow();
  ASSERT_TRUE(connection);
  const auto read = run(**connection, "SELECT sum(a) FROM read_parquet('" + chunk.path.string() + "')");
  ASSERT_TRUE(read) << read.error().internal_detail;
  const auto kept = run(**connection, "SELECT count(*) FROM duckdb_external_file_cache()");
  ASSERT_TRUE(kept) << kept.error().internal_detail;
  EXPECT_EQ(kept->integer(0, 0), 0);
}

/// Of pools that nobody asks for.
class IdlePools : public WarehouseTest {
 protected:
  void SetUp() override {
    WarehouseTest::SetUp();
    auto with = options();
    with.checkpoint_interval = 10ms;
    with.idle_max = 50ms;
    open(with);
  }
  // Their processes end, which has a test of its own (EngineProcess).
  bool in_processes_of_their_own() const override { return false; }
  bool all_close() const {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (metrics_.pools_open.Value() > 0 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(5ms);
    return metrics_.pools_open.Value() == 0;
  }
};

TEST_F(IdlePools, AreClosedAndOpenedAgainWhenTheyAreAskedFor) {
  ASSERT_TRUE(warehouse_->land(job("t").csv("a\n1\n").plan(), {}));
  EXPECT_TRUE(all_close());
  EXPECT_THAT(rows("SELECT a FROM t"), testing::ElementsAre("1"));
}

TEST_F(IdlePools, LoseNothingThatWaitsForItsLanding) {
  const auto plan = job("t").csv("a\n1\n2\n").plan();
  ASSERT_TRUE(warehouse_->stage(plan.stage, plan.chunks.front(), {}));
  EXPECT_TRUE(all_close());
  ASSERT_TRUE(warehouse_->land(plan, {}));
  EXPECT_THAT(rows("SELECT a FROM t ORDER BY a"), testing::ElementsAre("1", "2"));
}

/// A pool whose log needs more memory to be read than 64 MiB: as the end of a process has left it.
class LargeLog : public WarehouseTest {
 protected:
  void SetUp() override {
    WarehouseTest::SetUp();
    std::string wide = "SELECT 0 AS c";
    for (int column = 0; column < 200; ++column) wide += ", repeat('x', 20) AS c" + std::to_string(column);
    for (int table = 0; table < kTables; ++table) job("t" + std::to_string(table)).parquet(wide).land();
    const auto files = {pool_folder() / "pool.db", pool_folder() / "pool.db.wal"};
    for (const auto& file : files) std::filesystem::copy_file(file, folder_ / file.filename());
    warehouse_.reset();
    for (const auto& file : files)
      std::filesystem::copy_file(folder_ / file.filename(), file,
                                 std::filesystem::copy_options::overwrite_existing);
  }
  bool in_processes_of_their_own() const override { return false; }
  std::filesystem::path pool_folder() const { return folder_ / "pools" / pool_.to_string(); }
  void open_with(std::uint64_t memory_bytes) {
    auto with = options();
    with.memory_bytes_max = memory_bytes;
    with.threads_per_pool = 1;
    open(with);
  }
  int tables() {
    const auto tables = warehouse_->tables(pool_);
    return tables ? static_cast<int>(tables->size()) : -1;
  }

  static constexpr int kTables = 16;
};

TEST_F(LargeLog, StaysWhereItIsUntilThereIsMemoryToReadIt) {
  open_with(64 << 20);
  const auto refused = warehouse_->tables(pool_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable) << refused.error().internal_detail;
  EXPECT_THAT(refused.error().public_message, HasSubstr("--memory-bytes-max"));
  warehouse_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(pool_folder()))
    EXPECT_THAT(entry.path().string(), testing::Not(HasSubstr("damaged")));
  open_with(2ULL << 30);
  EXPECT_EQ(tables(), kTables);
}

TEST_F(LargeLog, IsReadWithTheMemoryOfPoolsThatAreIdle) {
  open_with(1ULL << 30);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(warehouse_->tables(PoolId::random()));
  ASSERT_EQ(tables(), -1) << "its part suffices, and nothing is tested";
  EXPECT_EQ(tables(), kTables);
  EXPECT_EQ(metrics_.openings_short_of_memory.Value(), 1);
}

}  // namespace
}  // namespace adit
