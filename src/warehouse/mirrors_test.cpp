// mirrorTargetNames: the same rows in several tables, in one step.
#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::Contains;
using testing::HasSubstr;

class Mirrors : public WarehouseTest {
 protected:
  TestJob mirrored(JobType type, std::vector<std::string> keys = {},
                   std::vector<std::string> mirrors = {"m"}) {
    auto made = job("t", type, std::move(keys));
    made.spec().mirror_target_names = std::move(mirrors);
    return made;
  }
  /// Tables and whatever else is left in the pool's file.
  std::size_t staging_tables() {
    auto closing = std::move(warehouse_);
    closing.reset();
    std::size_t count = 0;
    {
      const auto file = (folder_ / "pools" / pool_.to_string() / "pool.db").string();
      auto database = Database::open(file, {});
      auto connection = database->connect();
      const auto found =
          try_run(*connection,
                  "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '\\_\\_adit%' ESCAPE '\\'");
      count = static_cast<std::size_t>(found->integer(0, 0).value_or(99));
      const auto marks = try_run(*connection, "SELECT count(*) FROM adit.staged_chunks");
      count += static_cast<std::size_t>(marks->integer(0, 0).value_or(99));
    }
    open();
    return count;
  }
};

TEST_F(Mirrors, AReplaceFillsThemAll) {
  job("m").csv("old\n1\n").land();
  auto pushed =
      mirrored(JobType::kReplace, {}, {"m", "Ünïcode \"m\""}).csv("id,v\n1,a\n").csv("id,v\n2,b\n").land();
  for (const auto* table : {"t", "m", "\"Ünïcode \"\"m\"\"\""}) {
    EXPECT_EQ(rows(std::string("SELECT id, v FROM ") + table + " ORDER BY id"), (Lines{"1|a", "2|b"}))
        << table;
  }
  EXPECT_EQ(pushed.landing().rows, 2U);
  EXPECT_EQ(staging_tables(), 0U);
}

TEST_F(Mirrors, EachIsUpsertedByItsOwnRows) {
  job("t", JobType::kDelta, {"id"}).csv("id,v\n1,t1\n2,t2\n").land();
  job("m", JobType::kDelta, {"id"}).csv("id,v\n1,m1\n9,m9\n").land();
  mirrored(JobType::kDelta, {"id"})
      .csv("id,v\n1,new\n3,new\n")
      .csv("id\n9\n2\n", ChunkOperation::kDelete)
      .land();
  EXPECT_EQ(rows("SELECT id, v FROM t ORDER BY id"), (Lines{"1|new", "3|new"}));
  EXPECT_EQ(rows("SELECT id, v FROM m ORDER BY id"), (Lines{"1|new", "3|new"}));
}

TEST_F(Mirrors, EachKeepsItsTypesAndSpellingsAndWidensOnItsOwn) {
  job("t", JobType::kDelta).csv("Größe\n1\n").land();
  job("m", JobType::kDelta)
      .declare({{.name = "GRÖSSE", .type = ColumnType::kString}})
      .csv("GRÖSSE\nx\n")
      .land();
  auto pushed = mirrored(JobType::kDelta).csv("größe,extra\n2.50,7\n").land();
  EXPECT_EQ(columns("t"), "Größe DOUBLE, extra BIGINT");
  EXPECT_EQ(columns("m"), "GRÖSSE VARCHAR, extra BIGINT");
  EXPECT_EQ(rows("SELECT \"GRÖSSE\" FROM m ORDER BY 1"), (Lines{"2.50", "x"}))
      << "the text is kept as it came";
  EXPECT_THAT(pushed.landing().notes, Contains(HasSubstr("Table \"m\": Column \"extra\" was added")));
}

TEST_F(Mirrors, OneThatCantTakeTheRowsFailsTheChunkByName) {
  job("m", JobType::kDelta).csv("a\n1\n").land();
  auto pushed = mirrored(JobType::kDelta).csv("a\nword\n");
  EXPECT_THAT(pushed.first_error(), AllOf(HasSubstr("mirror \"m\""), HasSubstr("word")));
  const auto landing = warehouse_->land(pushed.plan(), {});
  ASSERT_FALSE(landing);
  EXPECT_EQ(landing.error().kind, ErrorKind::kInvalid);
  ASSERT_TRUE(warehouse_->discard(pool_, pushed.plan().stage.job));
  EXPECT_THAT(rows("SELECT * FROM t"), Contains(HasSubstr("error")));
  EXPECT_EQ(rows("SELECT a FROM m"), (Lines{"1"}));
  EXPECT_EQ(staging_tables(), 0U);
}

TEST_F(Mirrors, AMirrorThatIsAViewLeavesTheTargetAsItWas) {
  job("t").csv("a\n1\n").land();
  warehouse_.reset();
  {
    auto database = Database::open((folder_ / "pools" / pool_.to_string() / "pool.db").string(), {});
    auto connection = database->connect();
    ASSERT_TRUE(try_run(*connection, "CREATE VIEW m AS SELECT 1 AS a"));
  }
  open();
  auto pushed = mirrored(JobType::kReplace).csv("a\n2\n");
  const auto landing = warehouse_->land(pushed.plan(), {});
  ASSERT_FALSE(landing);
  EXPECT_THAT(landing.error().public_message, HasSubstr("view"));
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
}

TEST_F(Mirrors, LandedOnceIsLandedOnceInAllOfThem) {
  auto pushed = mirrored(JobType::kDelta).csv("a\n1\n").land();
  open();
  ASSERT_TRUE(warehouse_->land(pushed.plan(), {}));
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
  EXPECT_EQ(rows("SELECT a FROM m"), (Lines{"1"}));
}

TEST_F(Mirrors, StagedRowsAreFoundAgainAfterAStart) {
  auto pushed = mirrored(JobType::kDelta, {"id"}).csv("id,v\n1,a\n1,b\n");
  ASSERT_TRUE(pushed.stage_last());
  open();
  ASSERT_TRUE(warehouse_->land(pushed.plan(), {}));
  EXPECT_EQ(rows("SELECT id, v FROM m"), (Lines{"1|b"}));
  EXPECT_EQ(rows("SELECT id, v FROM t"), (Lines{"1|b"}));
  EXPECT_EQ(staging_tables(), 0U);
}

TEST_F(Mirrors, AMissingLandingIsRepairedInAllOfThem) {
  auto pushed = mirrored(JobType::kDelta).csv("a\n1\n");
  open(book_of({pushed.plan()}));
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"1"}));
  EXPECT_EQ(rows("SELECT a FROM m"), (Lines{"1"}));
}

}  // namespace
}  // namespace adit
