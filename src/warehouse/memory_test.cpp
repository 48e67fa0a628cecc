// Jobs that are larger than the memory their pool may take: they end by spilling to disk, or in an error that
// names the setting, and then nothing has changed.
#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using testing::HasSubstr;

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

}  // namespace
}  // namespace adit
