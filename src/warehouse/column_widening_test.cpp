// A table's column takes a wider type only where the table's own values stay what they are; else the job ends
// with an error that says so, and the table is as it was.
#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::HasSubstr;

class ColumnWidening : public WarehouseTest {
 protected:
  /// What the landing of staged chunks says; the table is left as it was.
  std::string refusal(TestJob& pushed, const std::string& table) {
    const auto before = content(table);
    EXPECT_EQ(pushed.first_error(), "no error");
    const auto landing = warehouse_->land(pushed.plan(), {});
    EXPECT_EQ(content(table), before);
    if (landing) return "landed";
    return landing.error().kind == ErrorKind::kInvalid ? landing.error().public_message
                                                       : "internal: " + landing.error().internal_detail;
  }
  Lines content(const std::string& table) {
    auto lines =
        rows("SELECT COLUMNS(* EXCLUDE (\"_CELONIS_CHANGE_DATE\"))::VARCHAR FROM " + table + " ORDER BY 1");
    lines.push_back(columns(table));
    return lines;
  }
};

TEST_F(ColumnWidening, DoublesKeepAllTheirDigitsBesideLargeIntegers) {
  job("t", JobType::kDelta).csv("a\n0.1234567890123\n2.718281828459\n123456789.123\n").land();
  job("t", JobType::kDelta).csv("a\n9007199254740993\n").land();
  EXPECT_EQ(content("t"), (Lines{"0.123456789012300", "123456789.123000000000000", "2.718281828459000",
                                 "9007199254740993.000000000000000", "a DECIMAL(38,15)"}));
}

TEST_F(ColumnWidening, DoublesKeepAllTheirDigitsBesideLargeIntegersOfALaterChunk) {
  job("t", JobType::kDelta).csv("a\n0.5\n").land();
  job("t", JobType::kDelta).csv("a\n7\n7.5\n0.1234567890123\n").csv("a\n9007199254740993\n").land();
  EXPECT_EQ(rows("SELECT a::VARCHAR FROM t WHERE a < 0.2 OR a > 8 ORDER BY a"),
            (Lines{"0.123456789012300000", "9007199254740993.000000000000000000"}));
}

TEST_F(ColumnWidening, AnErrorNamesARowOfTheChunkThatIsRefused) {
  job("t", JobType::kDelta).csv("a\n0.5\n").land();
  for (const auto* first : {"1e-30", "1e30"}) {
    auto pushed = job("t", JobType::kDelta);
    pushed.csv("a\n1\n2\n" + std::string(first) + "\n").csv("a\n9007199254740993\n");
    const auto errors = pushed.errors();
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].row, 1U);
    EXPECT_EQ(errors[0].value, "9007199254740993");
    EXPECT_THAT(errors[0].message, HasSubstr("can't be stored exactly as FLOAT"));
    EXPECT_EQ(content("t"), (Lines{"0.5", "a DOUBLE"}));
    auto without = pushed.plan();
    without.chunks.pop_back();
    ASSERT_TRUE(warehouse_->land(without, {}));
    EXPECT_EQ(columns("t"), "a DOUBLE");
    EXPECT_EQ(rows("SELECT count(*) FROM t"), Lines{"4"});
    job("t").csv("a\n0.5\n").land();
  }
}

TEST_F(ColumnWidening, SmallDoublesKeepAllTheirDigitsBesideLargeIntegers) {
  job("t", JobType::kDelta).csv("a\n1e-20\n").land();
  job("t", JobType::kDelta).csv("a\n9007199254740993\n").land();
  EXPECT_EQ(content("t"),
            (Lines{"0.000000000000000000010", "9007199254740993.000000000000000000000", "a DECIMAL(38,21)"}));
}

TEST_F(ColumnWidening, DoublesKeepAllTheirDigitsInUpserts) {
  job("t", JobType::kDelta, {"k"}).csv("k,a,b\n1,0.1234567890123,x\n2,0.5,y\n").land();
  job("t", JobType::kDelta, {"k"}).csv("k,a\n2,9007199254740993\n").land();
  EXPECT_EQ(rows("SELECT k, a, b FROM t ORDER BY k"),
            (Lines{"1|0.123456789012300|x", "2|9007199254740993.000000000000000|y"}));
}

TEST_F(ColumnWidening, TheLastRowOfAKeyWinsWhereTheStagedColumnIsWidenedToo) {
  job("t", JobType::kDelta, {"k"}).csv("k,a,b\n1,12345678901234567,x\n3,12345678901234567,z\n").land();
  job("t", JobType::kDelta, {"k"}).csv("k,a\n2,0.5\n2,0.25\n1,7.5\n").csv("k,a\n1,1.5\n").land();
  EXPECT_EQ(rows("SELECT k, a, b FROM t ORDER BY k"),
            (Lines{"1|1.500|x", "2|0.250|NULL", "3|12345678901234567.000|z"}));
}

TEST_F(ColumnWidening, DoublesKeepAllTheirDigitsBesideDecimals) {
  job("t").csv("a\n0.1234567890123\n").land();
  job("t", JobType::kDelta).parquet("SELECT 12345678901234567.25::DECIMAL(38,2) AS a").land();
  EXPECT_EQ(content("t"),
            (Lines{"0.123456789012300", "12345678901234567.250000000000000", "a DECIMAL(38,15)"}));
}

TEST_F(ColumnWidening, WhatNoTypeHoldsBesideTheTablesValuesIsNamed) {
  struct Case {
    std::string table;
    std::string pushed;
    std::string words;
  };
  const std::vector<Case> cases{
      {"1e50::DOUBLE", "9007199254740993::BIGINT", "FLOAT, the job brings DECIMAL(38,9)"},
      {"'nan'::DOUBLE", "9007199254740993::BIGINT", "FLOAT, the job brings DECIMAL(38,9)"},
      {"'inf'::DOUBLE", "9007199254740993::BIGINT", "FLOAT, the job brings DECIMAL(38,9)"},
      {"1e-37::DOUBLE", "9007199254740993::BIGINT", "FLOAT, the job brings DECIMAL(38,9)"},
      {"12345678901234567::BIGINT", "1e25::DOUBLE", "INTEGER, the job brings FLOAT"},
      {"12345678901234567890123456789012345678::DECIMAL(38,0)", "0.0123456789::DECIMAL(38,10)",
       "DECIMAL(38,0), the job brings DECIMAL(38,10)"},
      {"TIMESTAMP '3000-01-01'", "'2024-01-02 03:04:05.123456789'::TIMESTAMP_NS",
       "DATETIME, the job brings DATETIME with nanoseconds"},
      {"DATE '3000-01-01'", "'2024-01-02 03:04:05.123456789'::TIMESTAMP_NS",
       "DATE, the job brings DATETIME with nanoseconds"}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.table);
    job("t").parquet("SELECT " + one.table + " AS a").land();
    auto pushed = job("t", JobType::kDelta).parquet("SELECT " + one.pushed + " AS a");
    const auto message = refusal(pushed, "t");
    EXPECT_THAT(message, HasSubstr("Column \"a\""));
    EXPECT_THAT(message, HasSubstr(one.words));
    EXPECT_THAT(message, HasSubstr("REPLACE"));
  }
}

TEST_F(ColumnWidening, StagedDoublesGetNoDigitsOfTheirOwn) {
  job("t").csv("a\n12345678901234567\n").land();
  job("t", JobType::kDelta).csv("a\n123456789.123\n1e20\n0.1\n").land();
  EXPECT_EQ(content("t"), (Lines{"0.100", "100000000000000000000.000", "123456789.123",
                                 "12345678901234567.000", "a DECIMAL(38,3)"}));
}

TEST_F(ColumnWidening, TheLeastAndTheGreatestIntegerStayExactBesideFractions) {
  const Lines expected{"-9223372036854775808.000", "1.500", "9223372036854775807.000", "a DECIMAL(38,3)"};
  job("t", JobType::kDelta).csv("a\n-9223372036854775808\n9223372036854775807\n").land();
  job("t", JobType::kDelta).csv("a\n1.5\n").land();
  EXPECT_EQ(content("t"), expected);
  job("p").parquet("SELECT unnest([-9223372036854775808, 9223372036854775807])::BIGINT AS a").land();
  job("p", JobType::kDelta).parquet("SELECT 1.5::DOUBLE AS a").land();
  EXPECT_EQ(content("p"), expected);
}

TEST_F(ColumnWidening, TheLeastAndTheGreatestIntegerMakeAFloatADecimal) {
  for (const auto* integer : {"-9223372036854775808", "9223372036854775807"}) {
    job("t").csv("a\n1.5\n").land();
    job("t", JobType::kDelta).csv("a\n" + std::string(integer) + "\n").land();
    EXPECT_EQ(columns("t"), "a DECIMAL(38,9)");
    EXPECT_EQ(rows("SELECT a FROM t WHERE a <> 1.5"), (Lines{std::string(integer) + ".000000000"}));
  }
}

TEST_F(ColumnWidening, DoublesIntoADecimalColumnGetNoDigitsOfTheirOwn) {
  job("t").parquet("SELECT 1::DECIMAL(38,9) AS a").land();
  job("t", JobType::kDelta).parquet("SELECT unnest([123456789.123::DOUBLE, 98765432.1::DOUBLE]) AS a").land();
  EXPECT_EQ(content("t"),
            (Lines{"1.000000000", "123456789.123000000", "98765432.100000000", "a DECIMAL(38,9)"}));
}

TEST_F(ColumnWidening, DecimalsThatOverflowTheEnginesCastAreComparedAllTheSame) {
  job("f").parquet("SELECT 1.5::DOUBLE AS a").land();
  auto large =
      job("f", JobType::kDelta).parquet("SELECT 99999999999999999999999999999999999999::DECIMAL(38,0) AS a");
  EXPECT_THAT(refusal(large, "f"), HasSubstr("FLOAT, the job brings DECIMAL(38,0)"));
  job("i").parquet("SELECT 1::BIGINT AS a").land();
  job("i", JobType::kDelta).parquet("SELECT 999.99::DECIMAL(5,2) AS a").land();
  EXPECT_EQ(content("i"), (Lines{"1.00", "999.99", "a DECIMAL(21,2)"}));
}

/// One value of each type, as CSV has it.
const std::vector<std::pair<ColumnType, std::string>>& values_by_type() {
  static const std::vector<std::pair<ColumnType, std::string>> kValues{
      {ColumnType::kInteger, "1"},     {ColumnType::kFloat, "1.5"},
      {ColumnType::kBoolean, "true"},  {ColumnType::kDate, "2024-01-02"},
      {ColumnType::kTime, "10:11:12"}, {ColumnType::kDateTime, "2024-01-02 03:04:05"},
      {ColumnType::kString, "a text"}};
  return kValues;
}

bool becomes(ColumnType table, ColumnType declared) {
  const std::vector<std::pair<ColumnType, ColumnType>> wider{{ColumnType::kInteger, ColumnType::kFloat},
                                                             {ColumnType::kFloat, ColumnType::kInteger},
                                                             {ColumnType::kDate, ColumnType::kDateTime},
                                                             {ColumnType::kDateTime, ColumnType::kDate}};
  return table == declared || table == ColumnType::kString ||
         std::ranges::find(wider, std::pair(table, declared)) != wider.end();
}

TEST_F(ColumnWidening, TypesDeclaredOtherwiseThanTheTableHasThemAreNamed) {
  for (const auto& [table, first] : values_by_type()) {
    for (const auto& [declared, second] : values_by_type()) {
      SCOPED_TRACE(std::string(to_string(table)) + " " + std::string(to_string(declared)));
      auto made = job("t");
      made.declare({{"a", table, {}, {}, false}}).csv("a\n" + first + "\n").land();
      auto pushed = job("t", JobType::kDelta);
      pushed.declare({{"A", declared, {}, {}, false}}).csv("a\n" + second + "\n");
      if (becomes(table, declared)) {
        pushed.land();
        EXPECT_EQ(rows("SELECT count(*) FROM t"), (Lines{"2"}));
        continue;
      }
      const auto errors = pushed.errors();
      ASSERT_EQ(errors.size(), 1U);
      EXPECT_EQ(errors[0].column, "A");
      EXPECT_THAT(errors[0].message,
                  HasSubstr("Column \"a\": the table has it as " + std::string(to_string(table)) +
                            ", and tableSchema declares it as " + std::string(to_string(declared))));
    }
  }
}

TEST_F(ColumnWidening, TypesThatTheTableHasGotSinceStagingAreNamed) {
  auto pushed = job("t", JobType::kDelta);
  pushed.declare({{"a", ColumnType::kString, {}, {}, false}}).csv("a\n1\n");
  ASSERT_EQ(pushed.first_error(), "no error");
  job("t").csv("a\n1\n").land();
  const auto landing = warehouse_->land(pushed.plan(), {});
  ASSERT_FALSE(landing);
  EXPECT_EQ(landing.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(landing.error().public_message,
              HasSubstr("Column \"a\": the table has it as INTEGER, and tableSchema declares it as STRING"));
  EXPECT_EQ(content("t"), (Lines{"1", "a BIGINT"}));
}

TEST_F(ColumnWidening, ChunksOfManyNumberTypesKeepTheScaleOfTheTable) {
  job("t").parquet("SELECT 1.25::DECIMAL(18,2) AS a").land();
  job("t", JobType::kDelta)
      .parquet("SELECT 1e17::DOUBLE AS a")
      .parquet("SELECT 9007199254740993::DECIMAL(38,0) AS a")
      .land();
  EXPECT_EQ(content("t"), (Lines{"1.25", "100000000000000000.00", "9007199254740993.00", "a DECIMAL(38,2)"}));
}

TEST_F(ColumnWidening, OnlyValuesThatNoWiderTypeHoldsAreNamed) {
  job("t").csv("a\n1\n").land();
  auto pushed = job("t", JobType::kDelta);
  pushed.csv("a\n1.5\nx\n9007199254740993\n2\n1e400\n");
  const auto errors = pushed.errors();
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].row, 2U);
  EXPECT_EQ(errors[0].value, "x");
  EXPECT_EQ(errors[1].row, 5U);
  EXPECT_THAT(errors[0].message, HasSubstr("The table's column is INTEGER already"));
  EXPECT_EQ(content("t"), (Lines{"1", "a BIGINT"}));
}

TEST_F(ColumnWidening, TheTypeNamedIsTheTablesAlsoWhereTheJobHasWidenedIt) {
  job("t").csv("a\n1\n").land();
  auto pushed = job("t", JobType::kDelta);
  pushed.csv("a\n1.5\n").csv("a\nx\n");
  const auto errors = pushed.errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0].message, HasSubstr("can't be stored exactly as INTEGER"));
}

TEST_F(ColumnWidening, OfValuesThatNoOneTypeHoldsTogetherThoseThatDoNotFitTheTableAreNamed) {
  job("t").csv("a\n1\n").land();
  auto pushed = job("t", JobType::kDelta);
  pushed.csv("a\n1e-30\n9007199254740993\n");
  const auto errors = pushed.errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].value, "1e-30");
}

TEST_F(ColumnWidening, FractionsAndLargeIntegersOfOneFileBecomeADecimal) {
  job("t").csv("a\n1\n").land();
  job("t", JobType::kDelta).csv("a\n0.5\n9007199254740993\n").land();
  EXPECT_EQ(content("t"),
            (Lines{"0.500000000", "1.000000000", "9007199254740993.000000000", "a DECIMAL(38,9)"}));
}

TEST_F(ColumnWidening, AWideDecimalTakesFinerFractionsAndExponents) {
  job("t").csv("a\n12345678901234567\n").land();
  job("t", JobType::kDelta).csv("a\n1.5\n").land();
  ASSERT_EQ(columns("t"), "a DECIMAL(38,3)");
  job("t", JobType::kDelta).csv("a\n1e3\n-2.5E-1\n3.25e+1\n").land();
  EXPECT_EQ(content("t"),
            (Lines{"-0.250", "1.500", "1000.000", "12345678901234567.000", "32.500", "a DECIMAL(38,3)"}));
  job("t", JobType::kDelta).csv("a\n0.1234\n").land();
  EXPECT_EQ(columns("t"), "a DECIMAL(38,9)");
  job("t", JobType::kDelta).csv("a\n1.5e-15\n").land();
  EXPECT_EQ(columns("t"), "a DECIMAL(38,18)");
  EXPECT_EQ(rows("SELECT a::VARCHAR FROM t WHERE a < 0.2 AND a > 0 ORDER BY a"),
            (Lines{"0.000000000000001500", "0.123400000000000000"}));
  auto finest = job("t", JobType::kDelta);
  finest.csv("a\n1e-19\n1e30\n7\n");
  const auto errors = finest.errors();
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].value, "1e-19");
}

TEST_F(ColumnWidening, MomentsWithinTheYearsOfNanosecondsAreWidened) {
  job("t").parquet("SELECT TIMESTAMP '2024-01-01 10:00:00' AS a").land();
  job("t", JobType::kDelta).parquet("SELECT '2024-01-02 03:04:05.123456789'::TIMESTAMP_NS AS a").land();
  EXPECT_EQ(columns("t"), "a TIMESTAMP_NS");
}

TEST_F(ColumnWidening, ChunksOfMomentsBeyondTheYearsOfNanosecondsBecomeText) {
  job("t")
      .parquet("SELECT TIMESTAMP '3000-01-01 10:00:00' AS a")
      .parquet("SELECT '2024-01-02 03:04:05.123456789'::TIMESTAMP_NS AS a")
      .land();
  EXPECT_EQ(columns("t"), "a VARCHAR");
}

TEST_F(ColumnWidening, DoublesKeepAllTheirDigitsInMirrors) {
  job("t").csv("a\n0.1234567890123\n").land();
  auto pushed = job("other", JobType::kDelta);
  pushed.spec().mirror_target_names = {"t"};
  pushed.csv("a\n9007199254740993\n").land();
  EXPECT_EQ(columns("t"), "a DECIMAL(38,15)");
  EXPECT_EQ(columns("other"), "a BIGINT");
}

}  // namespace
}  // namespace adit
