#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;

class LandingRows : public WarehouseTest {};

TEST_F(LandingRows, ReplaceWithParquetMakesTheTable) {
  auto pushed = job("t").parquet("SELECT range AS a, 'x' || range AS b FROM range(3)").land();
  EXPECT_EQ(pushed.landing().rows, 3U);
  EXPECT_EQ(columns("t"), "a BIGINT, b VARCHAR");
  EXPECT_EQ(rows("SELECT a, b, _CELONIS_CHANGE_DATE FROM t ORDER BY a"),
            (Lines{"0|x0|2020-09-13T12:26:40", "1|x1|2020-09-13T12:26:40", "2|x2|2020-09-13T12:26:40"}));
}

TEST_F(LandingRows, ReplaceWithCsvMakesTheTable) {
  job("t").csv("a,b,c,d,e,f\n1,x,1.5,2024-01-02,2024-01-02 03:04:05,true\n2,,,,,\n").land();
  EXPECT_EQ(columns("t"), "a BIGINT, b VARCHAR, c DOUBLE, d DATE, e TIMESTAMP, f BOOLEAN");
  EXPECT_EQ(rows("SELECT a, b, c, d, e, f FROM t ORDER BY a"),
            (Lines{"1|x|1.5|2024-01-02|2024-01-02T03:04:05|true", "2|NULL|NULL|NULL|NULL|NULL"}));
}

TEST_F(LandingRows, DeltaWithoutKeysAppends) {
  job("t", JobType::kDelta).csv("a\n1\n").land();
  job("t", JobType::kDelta).csv("a\n2\n").csv("a\n3\n").land();
  EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1", "2", "3"}));
}

TEST_F(LandingRows, DeltaWithKeysReplacesRows) {
  job("t", JobType::kDelta, {"id"}).csv("id,v\n1,a\n2,b\n").land();
  job("t", JobType::kDelta, {"id"}).csv("id,v\n2,B\n3,c\n").land();
  EXPECT_EQ(rows("SELECT id, v FROM t ORDER BY id"), (Lines{"1|a", "2|B", "3|c"}));
}

/// The engine would take folders of such names for columns.
class FolderWithAnEqualsSign : public WarehouseTest {
 protected:
  void SetUp() override {
    WarehouseTest::SetUp();
    outer_ = folder_;
    folder_ /= "env=prod";
    std::filesystem::create_directories(folder_ / "chunks");
    open();
  }
  void TearDown() override {
    WarehouseTest::TearDown();
    std::filesystem::remove_all(outer_);
  }

 private:
  std::filesystem::path outer_;
};

TEST_F(FolderWithAnEqualsSign, IsNoColumn) {
  job("t").parquet("SELECT 1 AS a").land();
  EXPECT_EQ(columns("t"), "a BIGINT");
  std::string large = "a,b\n";
  for (int i = 0; i < 50'000; ++i) large += std::to_string(i) + ",text\n";
  job("t").csv(large).land();
  EXPECT_EQ(columns("t"), "a BIGINT, b VARCHAR");
  EXPECT_EQ(rows("SELECT count(*), max(a) FROM t"), (Lines{"50000|49999"}));
}

}  // namespace
}  // namespace adit
