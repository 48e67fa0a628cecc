// DELTA with keys: which row wins.
#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::HasSubstr;
constexpr auto kDelete = ChunkOperation::kDelete;

class Upsert : public WarehouseTest {
 protected:
  void SetUp() override {
    WarehouseTest::SetUp();
    job("t", JobType::kDelta, {"id"}).csv("id,v,w\n1,a,A\n2,b,B\n").land();
  }
  TestJob delta(std::vector<std::string> keys = {"id"}) { return job("t", JobType::kDelta, std::move(keys)); }
  Lines table() { return rows("SELECT id, v, w FROM t ORDER BY id"); }
};

TEST_F(Upsert, TheLastRowOfAKeyWinsWithinAChunk) {
  delta().csv("id,v,w\n1,x,X\n3,p,P\n1,y,Y\n").land();
  EXPECT_EQ(table(), (Lines{"1|y|Y", "2|b|B", "3|p|P"}));
}

TEST_F(Upsert, TheLaterChunkWins) {
  delta().csv("id,v,w\n1,x,X\n1,y,Y\n").csv("id,v,w\n1,z,Z\n").land();
  EXPECT_EQ(table(), (Lines{"1|z|Z", "2|b|B"}));
}

TEST_F(Upsert, DeleteChunksApplyInTheirOrder) {
  delta().csv("id,v,w\n3,c,C\n1,x,X\n").csv("id,other\n1,q\n2,q\n", kDelete).csv("id,v,w\n2,n,N\n").land();
  EXPECT_EQ(table(), (Lines{"2|n|N", "3|c|C"}));
}

TEST_F(Upsert, DeleteChunkAloneRemovesRows) {
  auto removed = delta().csv("id\n1\n77\n", kDelete).land();
  EXPECT_EQ(table(), (Lines{"2|b|B"}));
  EXPECT_EQ(removed.landing().rows, 0U);
}

TEST_F(Upsert, ColumnsThatAreLeftOutKeepTheirValues) {
  delta().csv("id,v\n1,x\n3,n\n").land();
  EXPECT_EQ(table(), (Lines{"1|x|A", "2|b|B", "3|n|NULL"}));
}

TEST_F(Upsert, ColumnsThatAreLeftOutBecomeNullWhenAskedTo) {
  auto pushed = delta();
  pushed.spec().upsert_strategy = UpsertStrategy::kNullification;
  pushed.csv("id,v\n1,x\n").land();
  EXPECT_EQ(table(), (Lines{"1|x|NULL", "2|b|B"}));
}

TEST_F(Upsert, NullThatIsThereIsWritten) {
  delta().csv("id,v,w\n1,,X\n").land();
  EXPECT_EQ(table(), (Lines{"1|NULL|X", "2|b|B"}));
}

TEST_F(Upsert, ChunksOfDifferentColumnsApplyOneAfterTheOther) {
  delta().csv("id,v\n1,x\n").csv("id,w\n1,Y\n4,D\n").csv("id,v\n4,d\n").land();
  EXPECT_EQ(table(), (Lines{"1|x|Y", "2|b|B", "4|d|D"}));
}

TEST_F(Upsert, ARowThatWasDeletedInBetweenKeepsNothing) {
  delta().csv("id\n1\n", kDelete).csv("id,v\n1,x\n").land();
  EXPECT_EQ(table(), (Lines{"1|x|NULL", "2|b|B"}));
}

TEST_F(Upsert, NewColumnsAreAddedAndNoted) {
  auto pushed = delta().csv("id,v,extra\n1,x,7\n3,c,8\n").land();
  EXPECT_EQ(columns("t"), "id BIGINT, v VARCHAR, w VARCHAR, extra BIGINT");
  ASSERT_EQ(pushed.landing().notes.size(), 1U);
  EXPECT_THAT(pushed.landing().notes[0], HasSubstr("extra"));
  EXPECT_EQ(rows("SELECT id, v, w, extra FROM t ORDER BY id"),
            (Lines{"1|x|A|7", "2|b|B|NULL", "3|c|NULL|8"}));
}

TEST_F(Upsert, CompositeKeysTellRowsApart) {
  job("c", JobType::kDelta, {"a", "b"}).csv("a,b,v\n1,x,1\n1,y,2\n2,x,3\n").land();
  job("c", JobType::kDelta, {"a", "b"}).csv("a,b,v\n1,y,20\n2,y,4\n").csv("a,b\n2,x\n", kDelete).land();
  EXPECT_EQ(rows("SELECT a, b, v FROM c ORDER BY a, b"), (Lines{"1|x|1", "1|y|20", "2|y|4"}));
}

TEST_F(Upsert, NullKeyIsNamed) {
  const auto errors = delta().csv("id,v,w\n5,a,A\n,b,B\n").errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].row, 2U);
  EXPECT_EQ(errors[0].column, "id");
  EXPECT_EQ(errors[0].line, 3U);
  EXPECT_EQ(delta().parquet("SELECT unnest([1, NULL]) AS id").errors().at(0).row, 2U);
}

TEST_F(Upsert, ReplaceWithKeysKeepsOneRowPerKey) {
  job("t", JobType::kReplace, {"id"})
      .csv("id,v,w\n1,x,X\n1,y,Y\n5,z,Z\n")
      .csv("id,v,w\n5,q,Q\n6,r,R\n")
      .land();
  EXPECT_EQ(table(), (Lines{"1|y|Y", "5|q|Q", "6|r|R"}));
}

TEST_F(Upsert, ReplaceWithChunksOfDifferentColumnsMergesThem) {
  job("t", JobType::kReplace, {"id"}).csv("id,v\n1,x\n2,y\n").csv("id,w\n1,X\n").land();
  EXPECT_EQ(table(), (Lines{"1|x|X", "2|y|NULL"}));
}

TEST_F(Upsert, NamesMatchWithoutRegardToCaseAndKeepTheirFirstSpelling) {
  job("Ärzte", JobType::kDelta, {"Größe"}).csv("Größe,v\n1,a\n").land();
  job("ÄRZTE", JobType::kDelta, {"GRÖSSE"}).csv("GRÖSSE,V\n1,b\n").land();
  EXPECT_EQ(columns("ärzte"), "Größe BIGINT, v VARCHAR");
  EXPECT_EQ(rows("SELECT v FROM \"Ärzte\""), (Lines{"b"}));
  const auto tables = warehouse_->tables(pool_);
  ASSERT_TRUE(tables);
  EXPECT_EQ(tables->size(), 2U);
}

TEST_F(Upsert, TableThatChangedAfterStagingIsRespected) {
  auto first = delta().csv("id,v,w\n1,5,6\n");
  ASSERT_TRUE(first.stage_last());
  job("t", JobType::kReplace, {"id"}).csv("id,v,w\n1,2.5,x\n2,3.5,y\n").land();
  first.land();
  EXPECT_EQ(columns("t"), "id BIGINT, v DOUBLE, w VARCHAR");
  EXPECT_EQ(table(), (Lines{"1|5.0|6", "2|3.5|y"}));
}

class RowsLanded : public Upsert {
 protected:
  /// Lands the job and expects that it says of its rows what the table holds of them: those with an `n`.
  void expect_rows(TestJob job, std::uint64_t expected) {
    job.land();
    EXPECT_EQ(rows("SELECT count(*) FROM t WHERE concat(v, w) LIKE '%n%'"),
              (Lines{std::to_string(expected)}));
    EXPECT_EQ(job.landing().rows, expected);
  }
};

TEST_F(RowsLanded, AreOneForEachKeyThatTheJobDoesNotDelete) {
  expect_rows(delta().csv("id,v,w\n1,n,n\n3,n,n\n"), 2);
  expect_rows(delta().csv("id,v,w\n1,m,m\n1,n,n\n").csv("id,v,w\n1,n,n\n3,n,n\n"), 2);
  expect_rows(delta().csv("id,v,w\n1,n,n\n2,n,n\n").csv("id\n1\n3\n", kDelete), 1);
  expect_rows(delta().csv("id\n2\n", kDelete).csv("id,v,w\n2,n,n\n"), 1);
}

TEST_F(RowsLanded, AreCountedOnceWhereChunksOfDifferentColumnsComeOneAfterTheOther) {
  expect_rows(delta().csv("id,v\n1,n\n3,n\n").csv("id,w\n1,n\n").csv("id,v\n1,n\n"), 2);
  expect_rows(delta().csv("id,v\n1,n\n2,n\n").csv("id\n1\n2\n3\n", kDelete).csv("id,w\n1,n\n"), 1);
  expect_rows(delta().csv("id,v\n1,n\n5,n\n").csv("id\n1\n5\n", kDelete), 0);
}

TEST_F(RowsLanded, AreTheSameWhereTheTableIsMadeAnew) {
  const auto replace = [this] { return job("t", JobType::kReplace, {"id"}); };
  expect_rows(replace().csv("id,v,w\n1,n,n\n2,n,n\n"), 2);
  expect_rows(replace().csv("id,v,w\n1,m,m\n1,n,n\n"), 1);
  expect_rows(replace().csv("id,v\n1,n\n3,n\n").csv("id\n3\n", kDelete).csv("id,w\n1,n\n"), 1);
}

TEST_F(Upsert, AKeyThatIsNotStagedEndsTheJob) {
  for (const auto type : {JobType::kDelta, JobType::kReplace}) {
    auto pushed = job("t", type, {"id", "_CELONIS_CHANGE_DATE"});
    pushed.csv("id,v,w,_CELONIS_CHANGE_DATE\n1,x,X,2024-01-01\n1,y,Y,2024-01-02\n");
    ASSERT_EQ(pushed.first_error(), "no error");
    const auto landing = warehouse_->land(pushed.plan(), {});
    ASSERT_FALSE(landing);
    EXPECT_EQ(landing.error().kind, ErrorKind::kInternal);
    EXPECT_EQ(table(), (Lines{"1|a|A", "2|b|B"}));
  }
}

}  // namespace
}  // namespace adit
