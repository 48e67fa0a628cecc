// CSV values on their way into columns that a table has already.
#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::HasSubstr;

class CsvIntoTables : public WarehouseTest {};

TEST_F(CsvIntoTables, ExistingColumnIsWidenedOrTheValueNamed) {
  job("t").csv("i,d,s\n1,2024-01-01,x\n").land();
  auto widened = job("t", JobType::kDelta).csv("i,d,s\n1.5,2024-01-01 10:00:00,5\n").land();
  EXPECT_EQ(columns("t"), "i DOUBLE, d TIMESTAMP, s VARCHAR");
  EXPECT_EQ(widened.landing().notes.size(), 2U);
  EXPECT_EQ(rows("SELECT i, d, s FROM t ORDER BY i"),
            (Lines{"1.0|2024-01-01T00:00:00|x", "1.5|2024-01-01T10:00:00|5"}));

  const auto errors = job("t", JobType::kDelta).csv("i,d,s\nabc,,\n").errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].row, 1U);
  EXPECT_EQ(errors[0].column, "i");
  EXPECT_EQ(errors[0].value, "abc");
}

TEST_F(CsvIntoTables, IntegersBeyondDoubleAreWidenedToDecimal) {
  job("t").csv("a\n12345678901234567\n").land();
  job("t", JobType::kDelta).csv("a\n1.25\n").land();
  EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1.250", "12345678901234567.000"}));
}

TEST_F(CsvIntoTables, TensThatMayBeCodesAreNumbersOnlyWhereTheColumnIsOneAlready) {
  job("t").csv("a\n1.5\n").csv("a\n1E5\n").land();
  EXPECT_EQ(columns("t"), "a VARCHAR");
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1.5", "1E5"}));
  job("f").csv("a\n1.5\n").land();
  job("f", JobType::kDelta).csv("a\n1E5\n").land();
  EXPECT_EQ(rows("SELECT a FROM f"), (Lines{"1.5", "100000.0"}));
  job("d").csv("a\n12345678901234567\n").csv("a\n1.5\n").csv("a\n1E5\n").land();
  EXPECT_EQ(columns("d"), "a VARCHAR");
}

TEST_F(CsvIntoTables, MomentsWithAZoneGoIntoAColumnWithNanoseconds) {
  job("t").parquet("SELECT 1 AS i, '2024-01-02 03:04:05.123456789'::TIMESTAMP_NS AS a").land();
  job("t", JobType::kDelta)
      .csv("i,a\n2,2024-01-02T03:04:05Z\n3,2024-01-02 03:04:05.5+02\n4,2024-01-02T03:04:05.987654321-05:30\n")
      .land();
  EXPECT_EQ(columns("t"), "i BIGINT, a TIMESTAMP_NS");
  EXPECT_EQ(rows("SELECT a FROM t WHERE i > 1 ORDER BY i"),
            (Lines{"2024-01-02T03:04:05", "2024-01-02T01:04:05.500000000", "2024-01-02T08:34:05.987654321"}));
  for (const auto* beyond :
       {"2262-04-11T22:47:16-05", "1677-09-21T01:00:00+05", "1677-09-22T01:00:00+05", "3000-01-01T00:00:00Z",
        "2024-01-02T03:04:05+16", "2024-01-02T03:04:05.1234567891Z"}) {
    SCOPED_TRACE(beyond);
    const auto errors = job("t", JobType::kDelta).csv("i,a\n5," + std::string(beyond) + "\n").errors();
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].value, beyond);
  }
}

TEST_F(CsvIntoTables, TimesOfTheDayGoIntoAColumnWithNanosecondsOnlyWhereTheyAreTimes) {
  job("t").parquet("SELECT 1 AS i, '12:34:56.123456789'::TIME_NS AS a").land();
  ASSERT_EQ(columns("t"), "i BIGINT, a TIME_NS");
  job("t", JobType::kDelta).csv("i,a\n2,12:34\n3,12:34:56\n4,12:34:56.5\n5,12:34:56.987654321\n").land();
  EXPECT_EQ(rows("SELECT a::VARCHAR FROM t WHERE i > 1 ORDER BY i"),
            (Lines{"12:34:00", "12:34:56", "12:34:56.5", "12:34:56.987654321"}));
  for (const auto* text : {"noon", "12:34:56.1234567891", "25:00:00"}) {
    SCOPED_TRACE(text);
    const auto errors =
        job("t", JobType::kDelta).csv("i,a\n6,1:00:00\n7," + std::string(text) + "\n").errors();
    ASSERT_FALSE(errors.empty());
    EXPECT_EQ(errors.back().row, 2U);
    EXPECT_EQ(errors.back().column, "a");
    EXPECT_EQ(errors.back().value, text);
    for (const auto declared : {ColumnType::kTime, ColumnType::kString}) {
      auto pushed = job("t", JobType::kDelta);
      pushed.declare({{"a", declared, {}, {}, false}}).csv("i,a\n6," + std::string(text) + "\n");
      EXPECT_EQ(pushed.errors().size(), 1U);
    }
  }
}

}  // namespace
}  // namespace adit
