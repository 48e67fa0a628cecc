// A column named rowid is one like any other, although the engine calls its own number of a row by that name.
#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
constexpr auto kDelete = ChunkOperation::kDelete;

/// With the spellings that a column may have.
class ColumnNamedRowid : public WarehouseTest, public ::testing::WithParamInterface<std::string> {
 protected:
  TestJob delta(std::vector<std::string> keys = {"k"}) { return job("t", JobType::kDelta, std::move(keys)); }
  TestJob replace(std::vector<std::string> keys = {"k"}) {
    return job("t", JobType::kReplace, std::move(keys));
  }
  void append(const std::string& content) {
    auto appended = delta();
    appended.spec().allow_duplicate = true;
    appended.csv(content).land();
  }
  /// The column by its name, for a header.
  std::string header(const std::string& before, const std::string& after) {
    return before + GetParam() + after + "\n";
  }
  Lines table() { return rows("SELECT k, \"" + GetParam() + "\", v FROM t ORDER BY ALL"); }
};

INSTANTIATE_TEST_SUITE_P(Spelled, ColumnNamedRowid, ::testing::Values("rowid", "ROWID"),
                         [](const auto& spelling) { return spelling.param; });

TEST_P(ColumnNamedRowid, RowsAreUpsertedAndDeleted) {
  delta().csv(header("k,", ",v") + "1,9,old\n2,7,keep\n").land();
  auto pushed = delta().csv(header("k,", ",v") + "3,1,new\n").csv("k\n1\n", kDelete).land();
  EXPECT_EQ(table(), (Lines{"2|7|keep", "3|1|new"}));
  EXPECT_EQ(pushed.landing().rows, 1U);
}

TEST_P(ColumnNamedRowid, AReplaceLeavesOneRowForEachKey) {
  auto pushed = replace().csv(header("k,", ",v") + "1,7,first\n2,0,only\n1,7,second\n").land();
  EXPECT_EQ(table(), (Lines{"1|7|second", "2|0|only"}));
  EXPECT_EQ(pushed.landing().rows, 2U);
  EXPECT_EQ(columns("t"), "k BIGINT, " + GetParam() + " BIGINT, v VARCHAR") << "no hidden column stays";
}

TEST_P(ColumnNamedRowid, TheLastRowOfAKeyWinsWhateverItHas) {
  delta().csv(header("k,", ",v") + "1,9,first\n2,,first\n3,4,first\n1,5,last\n2,2,last\n3,,last\n").land();
  EXPECT_EQ(table(), (Lines{"1|5|last", "2|2|last", "3|NULL|last"}));
}

TEST_P(ColumnNamedRowid, TheLaterChunkWinsWhateverItHas) {
  delta()
      .csv(header("k,", ",v") + "1,900000,a\n1,7,b\n2,1,c\n")
      .csv(header("k,", ",v") + "1,3,d\n1,,e\n")
      .csv(header("k,", ",v") + "2,0,f\n")
      .land();
  EXPECT_EQ(table(), (Lines{"1|NULL|e", "2|0|f"}));
}

TEST_P(ColumnNamedRowid, TextsOfAnotherDatabaseAreKept) {
  delta().csv(header("k,", ",v") + "1,AAAB,x\n1,AAAC,y\n2,AAAA,z\n").land();
  EXPECT_EQ(table(), (Lines{"1|AAAC|y", "2|AAAA|z"}));
  replace().csv(header("k,", ",v") + "1,AAAC,x\n1,AAAB,y\n").land();
  EXPECT_EQ(table(), (Lines{"1|AAAB|y"}));
}

TEST_P(ColumnNamedRowid, ParquetIsNoOther) {
  replace()
      .parquet("SELECT k, r AS \"" + GetParam() +
               "\", v FROM (VALUES (1, 'b', 'first'), (1, 'a', 'last'), (2, NULL, 'only')) x(k, r, v)")
      .parquet("SELECT 2 AS k, 'z' AS \"" + GetParam() + "\", 'later' AS v")
      .land();
  EXPECT_EQ(table(), (Lines{"1|a|last", "2|z|later"}));
}

TEST_P(ColumnNamedRowid, ItMayBeTheKey) {
  delta({GetParam()}).csv(header("k,", ",v") + "1,B,b\n2,A,a\n3,C,c\n").land();
  delta({"rowid"})
      .csv(header("k,", ",v") + "4,A,x\n5,A,y\n6,D,d\n")
      .csv(header("", "") + "B\nnone\n", kDelete)
      .land();
  EXPECT_EQ(table(), (Lines{"3|C|c", "5|A|y", "6|D|d"}));
  delta({"rowid"}).csv("rowid,v\nC,late\nC,latest\n").land();
  EXPECT_EQ(table(), (Lines{"3|C|latest", "5|A|y", "6|D|d"})) << "what is left out stays";
}

TEST_P(ColumnNamedRowid, ItMayBeAPartOfTheKey) {
  const std::vector<std::string> keys{"k", "rowid"};
  delta(keys).csv(header("k,", ",v") + "1,1,a\n1,2,b\n1,1,c\n").land();
  delta(keys).csv(header("k,", ",v") + "1,2,d\n2,2,e\n2,2,f\n").csv("k,rowid\n1,1\n", kDelete).land();
  EXPECT_EQ(table(), (Lines{"1|2|d", "2|2|f"}));
}

TEST_P(ColumnNamedRowid, ItKeepsItsValuesWhereTheFileLacksIt) {
  delta().csv(header("k,", ",v") + "1,9,a\n2,8,b\n").land();
  delta().csv("k,v\n1,x\n1,y\n3,z\n").land();
  EXPECT_EQ(table(), (Lines{"1|9|y", "2|8|b", "3|NULL|z"}));
}

TEST_P(ColumnNamedRowid, ItMayComeLaterThanTheTable) {
  delta().csv("k,v\n1,a\n2,b\n").land();
  auto pushed = delta().csv(header("k,v,", "") + "1,x,9\n1,y,4\n").land();
  EXPECT_EQ(table(), (Lines{"1|4|y", "2|NULL|b"}));
  EXPECT_EQ(pushed.landing().rows, 1U);
}

TEST_P(ColumnNamedRowid, ItMayComeWithALaterChunk) {
  delta().csv("k,v\n1,a\n1,b\n2,c\n").csv(header("", ",k,v") + "9,1,d\n3,1,e\n").land();
  EXPECT_EQ(table(), (Lines{"1|3|e", "2|NULL|c"}));
  replace().csv("k,v\n1,a\n1,b\n2,c\n").csv(header("", ",k") + "9,1\n3,1\n").land();
  EXPECT_EQ(table(), (Lines{"1|3|b", "2|NULL|c"}));
}

TEST_P(ColumnNamedRowid, OfAKeyThatAppendsBroughtTheLastRowIsKeptFrom) {
  append(header("k,", ",v") + "1,9,a\n1,5,b\n2,,c\n");
  append(header("k,", ",v") + "1,7,d\n2,1,e\n2,,f\n");
  auto by_value = delta().csv(header("k,", "") + "1,4\n").land();
  EXPECT_EQ(table(), (Lines{"1|4|d", "2|1|e", "2|NULL|c", "2|NULL|f"}));
  EXPECT_EQ(by_value.landing().rows, 1U);
  delta().csv("k,v\n2,x\n").land();
  EXPECT_EQ(table(), (Lines{"1|4|d", "2|NULL|x"}));
}

TEST_P(ColumnNamedRowid, AsAKeyThatAppendsBroughtItMatchesByItsValue) {
  append(header("k,", ",v") + "1,9,a\n2,5,b\n3,9,c\n4,5,d\n");
  delta({"rowid"}).csv("rowid,v\n9,x\n").land();
  EXPECT_EQ(table(), (Lines{"2|5|b", "3|9|x", "4|5|d"}));
}

TEST_P(ColumnNamedRowid, ItDecidesWhereItIsAskedTo) {
  auto by_it = delta();
  by_it.spec().duplicate_removal_column = "rowid";
  by_it.csv(header("k,", ",v") + "1,5,a\n1,9,b\n1,7,c\n2,,d\n2,1,e\n2,1,f\n").land();
  EXPECT_EQ(table(), (Lines{"1|9|b", "2|1|f"}));
  auto by_another = replace();
  by_another.spec().duplicate_removal_column = "v";
  by_another.csv(header("k,", ",v") + "1,5,2\n1,9,3\n1,1,3\n1,7,1\n").land();
  EXPECT_EQ(table(), (Lines{"1|1|3"}));
}

TEST_P(ColumnNamedRowid, ManyRowsKeepTheirOrder) {
  replace()
      .parquet("SELECT i % 997 AS k, -i AS \"" + GetParam() + "\", i AS v FROM range(299100) r(i)")
      .parquet("SELECT i % 500 AS k, i AS \"" + GetParam() + "\", -i AS v FROM range(150000) r(i)")
      .land();
  const std::string each = "SELECT count(*), count(DISTINCT k), sum(v = ";
  EXPECT_EQ(rows(each + "-149500 - k) FROM t WHERE k < 500"), (Lines{"500|500|500"}));
  EXPECT_EQ(rows(each + "298103 + k) FROM t WHERE k >= 500"), (Lines{"497|497|497"}));
}

TEST_P(ColumnNamedRowid, MirrorsAreNoOther) {
  auto pushed = delta();
  pushed.spec().mirror_target_names = {"m"};
  pushed.csv(header("k,", ",v") + "1,9,first\n1,5,last\n").csv("k\n2\n", kDelete).land();
  EXPECT_EQ(table(), (Lines{"1|5|last"}));
  EXPECT_EQ(rows("SELECT k, rowid, v FROM m"), (Lines{"1|5|last"}));
}

}  // namespace
}  // namespace adit
