#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ParquetStaging : public WarehouseTest {};

TEST_F(ParquetStaging, EveryTypeHasItsPlace) {
  job("t")
      .parquet(
          "SELECT 1::TINYINT i8, 2::UINTEGER u32, 18446744073709551615::UBIGINT u64, 1.5::FLOAT f, "
          "12.34::DECIMAL(18,2) d, true b, DATE '2024-01-02' da, TIME '10:11:12' ti, "
          "TIMESTAMP_MS '2024-01-02 03:04:05.678' ms, TIMESTAMP_NS '2024-01-02 03:04:05.123456' us, "
          "TIMESTAMP_NS '2024-01-02 03:04:05.123456789' ns, TIMESTAMPTZ '2024-01-02 03:04:05+02' tz, 'x' s, "
          "'y'::BLOB bl, uuid '11111111-2222-3333-4444-555555555555' u, [1, 2] l, {'k': 'v'} st, "
          "MAP {'a': 1} m, NULL::INTEGER n")
      .land();
  EXPECT_EQ(
      columns("t"),
      "i8 BIGINT, u32 BIGINT, u64 DECIMAL(20,0), f DOUBLE, d DECIMAL(18,2), b BOOLEAN, da DATE, ti TIME, "
      "ms TIMESTAMP, us TIMESTAMP, ns TIMESTAMP_NS, tz TIMESTAMP, s VARCHAR, bl VARCHAR, u VARCHAR, l "
      "VARCHAR, "
      "st VARCHAR, m VARCHAR, n BIGINT");
  EXPECT_EQ(
      rows("SELECT u64, ms, us, ns, tz, bl, u, l, st, m FROM t"),
      (Lines{"18446744073709551615|2024-01-02T03:04:05.678000|2024-01-02T03:04:05.123456|"
             "2024-01-02T03:04:05.123456789|2024-01-02T01:04:05|y|11111111-2222-3333-4444-555555555555|[1,2]|"
             "{\"k\":\"v\"}|{\"a\":1}"}));
}

TEST_F(ParquetStaging, Int96TimestampsAreReadToTheMicrosecond) {
  job("t").parquet_file("int96.parquet").land();
  EXPECT_EQ(columns("t"), "id BIGINT, at TIMESTAMP");
  EXPECT_EQ(rows("SELECT \"at\" FROM t ORDER BY id"),
            (Lines{"2024-01-02T03:04:05.678901", "NULL", "1899-12-31T23:59:59", "2024-02-29T00:00:00"}));
}

TEST_F(ParquetStaging, NanosecondsThatTheEngineCutsAreSpokenOf) {
  auto zoned = job("t").parquet_file("zoned_nanoseconds.parquet").land();
  EXPECT_EQ(columns("t"), "id BIGINT, at TIMESTAMP, all VARCHAR, plain TIMESTAMP_NS");
  EXPECT_EQ(rows("SELECT \"at\", plain FROM t WHERE id = 1"),
            (Lines{"2024-01-02T03:04:05.123456|2024-01-02T03:04:05.123456789"}));
  EXPECT_THAT(zoned.landing().notes,
              ElementsAre(AllOf(HasSubstr("Column \"all\""), HasSubstr("nanoseconds")),
                          AllOf(HasSubstr("Column \"at\""), HasSubstr("were not kept"))));
  EXPECT_THAT(job("t", JobType::kDelta).parquet_file("int96.parquet").land().landing().notes,
              Contains(HasSubstr("Column \"at\": its moments are in nanoseconds")));
  EXPECT_THAT(job("micro").parquet("SELECT TIMESTAMPTZ '2024-01-02 03:04:05Z' AS a").land().landing().notes,
              IsEmpty());
}

TEST_F(ParquetStaging, CutNanosecondsAreSpokenOfAfterARestartToo) {
  auto pushed = job("t").parquet_file("zoned_nanoseconds.parquet");
  pushed.parquet("SELECT range AS id FROM range(100000)");
  for (const auto& chunk : pushed.plan().chunks)
    ASSERT_TRUE(warehouse_->stage(pushed.plan().stage, chunk, {}));
  open();
  pushed.land();
  EXPECT_THAT(pushed.landing().notes, SizeIs(2));
}

TEST_F(ParquetStaging, ColumnWithoutATypeTakesThatOfItsFirstValueElseItIsText) {
  job("t").parquet_file("null_column.parquet").land();
  EXPECT_EQ(columns("t"), "id BIGINT, nothing VARCHAR");
  EXPECT_EQ(rows("SELECT id, nothing FROM t ORDER BY id"), (Lines{"1|NULL", "2|NULL"}));

  job("later")
      .parquet_file("null_column.parquet")
      .parquet("SELECT 3 AS id, DATE '2024-01-02' AS nothing")
      .land();
  EXPECT_EQ(columns("later"), "id BIGINT, nothing DATE");
  EXPECT_EQ(rows("SELECT nothing FROM later ORDER BY id"), (Lines{"NULL", "NULL", "2024-01-02"}));

  job("later", JobType::kDelta, {"id"}).parquet_file("null_column.parquet").land();
  EXPECT_EQ(columns("later"), "id BIGINT, nothing DATE");
}

TEST_F(ParquetStaging, BytesThatAreNoTextAreNamed) {
  const auto errors = job("t").parquet("SELECT unnest(['a'::BLOB, '\\xFF'::BLOB]) AS b").errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].row, 2U);
  EXPECT_EQ(errors[0].column, "b");
  EXPECT_THAT(errors[0].message, HasSubstr("UTF-8"));
}

TEST_F(ParquetStaging, IntegersThatCameAsDoublesFitTheirColumn) {
  job("t").parquet("SELECT 1::BIGINT AS a").land();
  job("t", JobType::kDelta).parquet("SELECT unnest([2.0::DOUBLE, NULL]) AS a").land();
  EXPECT_EQ(columns("t"), "a BIGINT");
  job("t", JobType::kDelta).parquet("SELECT 2.5::DOUBLE AS a").land();
  EXPECT_EQ(columns("t"), "a DOUBLE");
  EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1.0", "2.0", "2.5", "NULL"}));
}

TEST_F(ParquetStaging, ChunksOfDifferentTypesAreReconciled) {
  job("t")
      .parquet("SELECT 1::BIGINT AS a, DATE '2024-01-01' AS b, 1::BIGINT AS c")
      .parquet("SELECT 2.5::DOUBLE AS a, TIMESTAMP '2024-01-02 10:00:00' AS b, 'x' AS c")
      .land();
  EXPECT_EQ(columns("t"), "a DOUBLE, b TIMESTAMP, c VARCHAR");
  EXPECT_EQ(rows("SELECT a, b, c FROM t ORDER BY a"),
            (Lines{"1.0|2024-01-01T00:00:00|1", "2.5|2024-01-02T10:00:00|x"}));
}

TEST_F(ParquetStaging, DecimalsWidenWithoutLoss) {
  job("t").parquet("SELECT 1.25::DECIMAL(5,2) AS a").parquet("SELECT 1234567.125::DECIMAL(12,3) AS a").land();
  EXPECT_EQ(columns("t"), "a DECIMAL(12,3)");
  EXPECT_EQ(rows("SELECT a FROM t ORDER BY a"), (Lines{"1.250", "1234567.125"}));
}

TEST_F(ParquetStaging, DeclaredTypeRefusesWhatIsNotExact) {
  const std::vector<std::pair<ColumnType, std::string>> cases{
      {ColumnType::kInteger, "1.5::DOUBLE"},
      {ColumnType::kInteger, "1.5::DECIMAL(3,1)"},
      {ColumnType::kFloat, "9007199254740993::BIGINT"},
      {ColumnType::kDate, "TIMESTAMP '2024-01-01 00:00:01'"},
      {ColumnType::kInteger, "'abc'"}};
  for (const auto& [type, value] : cases) {
    SCOPED_TRACE(value);
    auto pushed = job("t");
    pushed.declare({{"a", type, {}, {}, false}});
    const auto errors = pushed.parquet("SELECT unnest([NULL, " + value + "]) AS a").errors();
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].row, 2U);
    EXPECT_EQ(errors[0].column, "a");
  }
}

TEST_F(ParquetStaging, DeclaredTypesConvertWhatIsExact) {
  auto pushed = job("t");
  pushed.declare({{"a", ColumnType::kInteger, {}, {}, false},
                  {"b", ColumnType::kString, {}, {}, false},
                  {"c", ColumnType::kDate, {}, {}, false}});
  pushed.parquet("SELECT '012' AS a, 5 AS b, TIMESTAMP '2024-01-01' AS c").land();
  EXPECT_EQ(rows("SELECT a, b, c FROM t"), (Lines{"12|5|2024-01-01"}));
}

TEST_F(ParquetStaging, TimesInNanosecondsGoIntoAColumnOfTimesWhereTheyAreExact) {
  job("t").parquet("SELECT TIME '10:11:12' AS a").land();
  job("t", JobType::kDelta).parquet("SELECT '12:34:56.123456'::TIME_NS AS a").land();
  auto declared = job("d");
  declared.declare({{"a", ColumnType::kTime, {}, {}, false}})
      .parquet("SELECT '12:34:56.123456'::TIME_NS AS a")
      .land();
  EXPECT_EQ(columns("t") + columns("d"), "a TIMEa TIME");
  EXPECT_EQ(rows("SELECT a::VARCHAR FROM t UNION ALL SELECT a::VARCHAR FROM d"),
            (Lines{"10:11:12", "12:34:56.123456", "12:34:56.123456"}));
  const auto errors = job("t", JobType::kDelta)
                          .parquet("SELECT unnest([TIME_NS '12:00:00', TIME_NS '12:34:56.123456789']) AS a")
                          .errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].row, 2U);
  EXPECT_EQ(errors[0].value, "12:34:56.123456789");
}

TEST_F(ParquetStaging, RowsOfAnEmptyFileAreNone) {
  job("t").parquet("SELECT 1 AS a").land();
  job("t").parquet("SELECT 1 AS a WHERE false").land();
  EXPECT_EQ(columns("t"), "a BIGINT");
  EXPECT_TRUE(rows("SELECT a FROM t").empty());
}

TEST_F(ParquetStaging, DamagedPagesAreAnErrorOfTheChunk) {
  auto pushed = job("t").parquet("SELECT range AS a, md5(range::VARCHAR) AS b FROM range(10000)");
  const auto path = pushed.plan().chunks[0].path;
  std::fstream damage(path, std::ios::in | std::ios::out | std::ios::binary);
  damage.seekp(2000);
  damage << std::string(3000, '\xAA');
  damage.close();
  const auto errors = pushed.errors();
  ASSERT_FALSE(errors.empty());
  EXPECT_EQ(errors[0].message.find(folder_.string()), std::string::npos);
}

}  // namespace
}  // namespace adit
