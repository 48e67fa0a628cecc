// What becomes of the key columns of CSV files: rows whose keys differ in their text stay apart, unless the
// client or the table says that they are numbers.
#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;

class CsvKeys : public WarehouseTest {
 protected:
  TestJob keyed(JobType type = JobType::kReplace) { return job("t", type, {"K"}); }
  static std::string file(const Lines& keys) {
    std::string content = "k,v\n";
    for (const auto& key : keys) content += key + ",x\n";
    return content;
  }
  Lines keys() { return rows("SELECT k FROM t ORDER BY k"); }
};

TEST_F(CsvKeys, OfOneValueAndTwoTextsStayTwo) {
  const std::vector<Lines> cases{{"1.1", "1.10", "1.2", "1.20"},
                                 {"100", "1E2", "1e2"},
                                 {"1", "1.0", "1.5"},
                                 {"-0.0", "0.0"},
                                 {"1.0e+2", "100.0"},
                                 {"0.00001", "1e-05"},
                                 {"FALSE", "TRUE", "true"},
                                 {"12345678901234567", "2.5", "2.50"}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.front());
    keyed().csv(file(one)).land();
    EXPECT_EQ(columns("t"), "k VARCHAR, v VARCHAR");
    EXPECT_EQ(keys(), one);
    auto chunks = keyed();
    for (const auto& key : one) chunks.csv(file({key}));
    chunks.land();
    EXPECT_EQ(columns("t"), "k VARCHAR, v VARCHAR");
    EXPECT_EQ(keys(), one);
  }
}

TEST_F(CsvKeys, OfOneTextEachHaveTheirType) {
  const std::vector<std::pair<Lines, std::string>> cases{{{"-2.25", "0.0001", "3.0", "1.5"}, "DOUBLE"},
                                                         {{"false", "true"}, "BOOLEAN"},
                                                         {{"1", "-2"}, "BIGINT"},
                                                         {{"2024-01-02"}, "DATE"}};
  for (const auto& [keys, type] : cases) {
    keyed().csv(file(keys)).csv(file(keys)).land();
    EXPECT_EQ(columns("t"), "k " + type + ", v VARCHAR");
    EXPECT_EQ(rows("SELECT count(*) FROM t"), Lines{std::to_string(keys.size())});
  }
}

TEST_F(CsvKeys, OfASecondTextFarDownTheFileStayTwo) {
  Lines many;
  for (int i = 0; i < 3000; ++i) many.push_back(std::to_string(i) + ".5");
  many.emplace_back("7.50");
  keyed().csv(file(many)).land();
  EXPECT_EQ(columns("t"), "k VARCHAR, v VARCHAR");
  EXPECT_EQ(rows("SELECT count(*) FROM t"), Lines{"3001"});
}

TEST_F(CsvKeys, AreDeletedByTheirOwnText) {
  keyed(JobType::kDelta).csv(file({"1.5", "2.5"})).csv("k\n1.50\n2.5\n", ChunkOperation::kDelete).land();
  EXPECT_EQ(keys(), Lines{"1.5"});
}

TEST_F(CsvKeys, OfATextColumnOfParquetStayTwo) {
  keyed().parquet("SELECT 1.5::DOUBLE AS k").parquet("SELECT unnest(['1.5', '1.50']) AS k").land();
  EXPECT_EQ(keys(), (Lines{"1.5", "1.50"}));
  keyed().parquet("SELECT 1 AS k").parquet("SELECT 1.0::DOUBLE AS k").land();
  EXPECT_EQ(rows("SELECT k FROM t"), Lines{"1"}) << "numbers are numbers";
}

TEST_F(CsvKeys, AreNumbersWhereTheyAreDeclaredOrTheTableHasThem) {
  auto declared = keyed();
  declared.declare({{"k", ColumnType::kFloat, {}, {}, false}})
      .csv(file({"1.1", "1.10", "1E2", "100"}))
      .land();
  EXPECT_EQ(keys(), (Lines{"1.1", "100.0"}));
  keyed(JobType::kDelta).csv(file({"1.10", "1E2", "1.2", "1.20"})).land();
  EXPECT_EQ(keys(), (Lines{"1.1", "1.2", "100.0"}));
}

}  // namespace
}  // namespace adit
