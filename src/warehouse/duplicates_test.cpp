// Which rows of a key stay: duplicateRemovalColumn and allowDuplicate.
#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::HasSubstr;
constexpr auto kDelete = ChunkOperation::kDelete;

class Duplicates : public WarehouseTest {
 protected:
  TestJob keyed(JobType type = JobType::kDelta) { return job("t", type, {"id"}); }
  /// A job in which the greatest value of column `seen` decides.
  TestJob decided(JobType type = JobType::kDelta, const std::string& column = "seen") {
    auto made = keyed(type);
    made.spec().duplicate_removal_column = column;
    return made;
  }
  TestJob allowing(JobType type = JobType::kDelta) {
    auto made = keyed(type);
    made.spec().allow_duplicate = true;
    return made;
  }
  Lines table() { return rows("SELECT id, seen, v FROM t ORDER BY id, seen, v"); }
};

TEST_F(Duplicates, TheGreatestValueWinsWithinAChunk) {
  decided().csv("id,seen,v\n1,5,old\n1,9,new\n1,7,middle\n2,1,only\n").land();
  EXPECT_EQ(table(), (Lines{"1|9|new", "2|1|only"}));
}

TEST_F(Duplicates, ItAlsoWinsInAReplaceAndOverRowsThatAreThere) {
  keyed().csv("id,seen,v\n1,100,there\n2,100,there\n").land();
  decided().csv("id,seen,v\n1,9,new\n1,5,old\n").land();
  EXPECT_EQ(table(), (Lines{"1|9|new", "2|100|there"}))
      << "a pushed row replaces the table's, whatever it has";
  decided(JobType::kReplace).csv("id,seen,v\n1,3,c\n1,2,b\n1,1,a\n").land();
  EXPECT_EQ(table(), (Lines{"1|3|c"}));
}

TEST_F(Duplicates, ALaterChunkWinsOverAnEarlierOneAllTheSame) {
  decided().csv("id,seen,v\n1,100,a\n1,50,b\n").csv("id,seen,v\n1,2,c\n1,1,d\n").land();
  EXPECT_EQ(table(), (Lines{"1|2|c"}));
}

TEST_F(Duplicates, NullsLoseAndOfEqualValuesTheLaterRowWins) {
  decided().csv("id,seen,v\n1,,null\n1,5,first\n1,5,second\n1,,null again\n2,,a\n2,,b\n").land();
  EXPECT_EQ(table(), (Lines{"1|5|second", "2|NULL|b"}));
}

TEST_F(Duplicates, TheColumnIsFoundInAnyCaseAndOfAnyType) {
  decided(JobType::kDelta, "STRASSE").csv("id,Straße,v\n1,2024-01-02,new\n1,2023-12-31,old\n").land();
  EXPECT_EQ(rows("SELECT id, v FROM t"), (Lines{"1|new"}));
  auto text = job("u", JobType::kDelta, {"id"});
  text.spec().duplicate_removal_column = "s";
  text.csv("id,s,v\n1,b,x\n1,c,y\n1,a,z\n").land();
  EXPECT_EQ(rows("SELECT v FROM u"), (Lines{"y"}));
}

TEST_F(Duplicates, AChunkThatLacksTheColumnGoesByItsOrder) {
  decided().csv("id,seen,v\n1,9,a\n1,5,b\n").csv("id,v\n1,x\n1,y\n2,z\n").land();
  EXPECT_EQ(table(), (Lines{"1|9|y", "2|NULL|z"}));
}

TEST_F(Duplicates, DeleteChunksStayInTheirOrder) {
  keyed().csv("id,seen,v\n1,1,a\n2,1,b\n3,1,c\n").land();
  decided()
      .csv("id,seen,v\n1,9,x\n1,3,y\n")
      .csv("id\n1\n2\n", kDelete)
      .csv("id,seen,v\n2,1,p\n2,4,q\n2,2,r\n")
      .land();
  EXPECT_EQ(table(), (Lines{"2|4|q", "3|1|c"}));
}

TEST_F(Duplicates, ManyRowsOfParquetAgreeWithTheEnginesOwnAnswer) {
  const std::string select =
      "SELECT i % 997 AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE (i * 7919) % 1009 END AS seen, i AS v "
      "FROM range(200000) r(i)";
  decided().parquet(select).land();
  // arg_max over (value, row) with nulls below everything.
  EXPECT_EQ(
      rows("SELECT count(*) FROM (SELECT id, max(coalesce(seen, -1) * 1000000 + v) AS best FROM (" + select +
           ") GROUP BY id) want JOIN t ON t.id = want.id AND coalesce(t.seen, -1) * 1000000 + t.v = best"),
      (Lines{"997"}));
}

TEST_F(Duplicates, AColumnThatNoChunkHasFailsTheLandingAndLeavesTheTable) {
  keyed().csv("id,seen,v\n1,1,a\n").land();
  auto pushed = decided(JobType::kDelta, "nowhere").csv("id,seen,v\n1,2,b\n");
  const auto landing = warehouse_->land(pushed.plan(), {});
  ASSERT_FALSE(landing);
  EXPECT_EQ(landing.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(landing.error().public_message, HasSubstr("\"nowhere\""));
  EXPECT_EQ(table(), (Lines{"1|1|a"}));
}

TEST_F(Duplicates, AllowedOnesAreAppended) {
  keyed().csv("id,seen,v\n1,1,a\n").land();
  auto pushed = allowing().csv("id,seen,v\n1,2,b\n1,2,b\n").csv("id,seen,v\n1,3,c\n").land();
  EXPECT_EQ(table(), (Lines{"1|1|a", "1|2|b", "1|2|b", "1|3|c"}));
  EXPECT_EQ(pushed.landing().rows, 3U);
}

TEST_F(Duplicates, AllowedOnesAreKeptByAReplace) {
  allowing(JobType::kReplace).csv("id,seen,v\n1,1,a\n1,1,a\n").csv("id,seen,v\n1,2,b\n").land();
  EXPECT_EQ(table(), (Lines{"1|1|a", "1|1|a", "1|2|b"}));
  EXPECT_EQ(columns("t"), "id BIGINT, seen BIGINT, v VARCHAR") << "no hidden column stays";
}

TEST_F(Duplicates, AllowedOnesNeedNoKeyValueButTheColumn) {
  allowing().csv("id,seen,v\n,1,a\n").land();
  EXPECT_EQ(table(), (Lines{"NULL|1|a"}));
  EXPECT_THAT(allowing().csv("seen,v\n1,a\n").first_error(),
              HasSubstr("Internal error while validating the Parquet"));
}

TEST_F(Duplicates, AllowedOnesGoWhenTheirKeyIsUpserted) {
  const auto append = [this] { allowing().csv("id,seen,v\n1,1,a\n1,2,b\n2,3,c\n").land(); };
  append();
  auto whole = keyed().csv("id,seen,v\n1,9,n\n").land();
  EXPECT_EQ(table(), (Lines{"1|9|n", "2|3|c"}));
  EXPECT_EQ(whole.landing().rows, 1U);
  append();
  auto lacking = keyed().csv("id,seen\n1,8\n3,8\n").land();
  EXPECT_EQ(table(), (Lines{"1|8|b", "2|3|c", "2|3|c", "3|8|NULL"}))
      << "the last of the old rows is kept from";
  EXPECT_EQ(lacking.landing().rows, 2U);
  append();
  auto in_parts = keyed().csv("id,seen\n1,7\n2,7\n").csv("id,v\n1,m\n").land();
  EXPECT_EQ(table(), (Lines{"1|7|m", "2|7|c", "3|8|NULL"}));
  EXPECT_EQ(in_parts.landing().rows, 2U);
}

}  // namespace
}  // namespace adit
