// What a pool uses of its files.
#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

class TableBytes : public WarehouseTest {
 protected:
  std::uint64_t used() {
    EXPECT_TRUE(warehouse_->checkpoint(pool_));
    return used_as_it_is();
  }
  std::uint64_t used_as_it_is() {
    const auto bytes = warehouse_->table_bytes(pool_, Opening::kIfNeeded);
    EXPECT_TRUE(bytes) << bytes.error().internal_detail;
    return bytes ? bytes->value_or(0) : 0;
  }
  void land_rows(const std::string& table, JobType type = JobType::kReplace) {
    job(table, type).parquet("SELECT range AS id, md5(range::varchar) AS text FROM range(100000)").land();
  }
  void change(const std::string& table, TableChange change) {
    auto made = job(table);
    made.spec().change = std::move(change);
    made.land();
  }
};

TEST_F(TableBytes, APoolWithoutAFileUsesNothingAndIsNotOpened) {
  EXPECT_EQ(used_as_it_is(), 0U);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "pools" / pool_.to_string()));
}

TEST_F(TableBytes, OnlyOpenPoolsAreLookedAtWhereThatWillDo) {
  land_rows("t");
  EXPECT_GT((*warehouse_->table_bytes(pool_, Opening::kIfOpen)).value_or(0), 0U);
  open();
  EXPECT_FALSE((*warehouse_->table_bytes(pool_, Opening::kIfOpen)).has_value());
  EXPECT_GT(used_as_it_is(), 0U);
}

TEST_F(TableBytes, WhatStandsInTheLogOnlyCountsToo) {
  job("t", JobType::kDelta).csv("a\n1\n").land();
  const auto before = used();
  std::string rows = "a\n";
  for (int i = 0; i < 20'000; ++i) rows += std::to_string(i) + "\n";
  job("t", JobType::kDelta).csv(rows).land();
  EXPECT_GT(used_as_it_is(), before);
}

TEST_F(TableBytes, BlocksThatAreFreeDoNotCountAlthoughTheFileStaysAsLargeAsItWas) {
  land_rows("t");
  const auto one = used();
  EXPECT_GE(one, 1U << 20);
  land_rows("behind");
  EXPECT_GT(used(), one * 3 / 2);
  const auto file = folder_ / "pools" / pool_.to_string() / "pool.db";
  const auto file_bytes = std::filesystem::file_size(file);
  change("t", {TableChangeKind::kTruncate, {}});
  EXPECT_LT(used(), one * 5 / 4);
  EXPECT_GT(std::filesystem::file_size(file), file_bytes * 3 / 4);
}

TEST_F(TableBytes, DroppedTablesAndDeletedRowsGiveTheirBlocksBack) {
  land_rows("t");
  const auto one = used();
  change("t", {TableChangeKind::kDelete, "id >= 0"});
  EXPECT_LT(used(), one / 2);
  land_rows("u");
  EXPECT_GT(used(), one / 2);
  change("u", {TableChangeKind::kDrop, {}});
  EXPECT_LT(used(), one / 2);
}

TEST_F(TableBytes, AReplacedTableGivesItsBlocksBack) {
  land_rows("t");
  const auto once = used();
  land_rows("t");
  EXPECT_LT(used(), once * 5 / 4);
}

}  // namespace
}  // namespace adit
