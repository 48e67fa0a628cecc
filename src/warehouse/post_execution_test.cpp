// postExecutionQuery: what it may do, and that nothing else passes.
#include <gmock/gmock.h>

#include "warehouse/duckdb/table_statement.h"
#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::HasSubstr;

class PostExecution : public WarehouseTest {
 protected:
  void SetUp() override {
    WarehouseTest::SetUp();
    job("other").csv("id,v\n1,x\n2,y\n").land();
  }
  TestJob with(const std::string& sql, JobType type = JobType::kDelta, std::vector<std::string> keys = {}) {
    auto made = job("t", type, std::move(keys));
    made.spec().post_execution_query = sql;
    return made;
  }
  Result<void> checked(const std::string& sql) {
    return warehouse_->check_post_execution_query(with(sql).spec());
  }
  /// Lands `id,n` rows 1..3 with the statement; the message of the failure, or "landed".
  std::string outcome(const std::string& sql, JobType type = JobType::kDelta) {
    auto pushed = with(sql, type).csv("id,n\n1,10\n2,20\n3,30\n");
    const auto landing = warehouse_->land(pushed.plan(), {});
    if (landing) return "landed";
    EXPECT_EQ(landing.error().kind, ErrorKind::kInvalid) << sql << landing.error().internal_detail;
    return landing.error().public_message;
  }
};

TEST_F(PostExecution, MakesATableOfWhatHasJustLanded) {
  EXPECT_EQ(outcome("CREATE TABLE sums AS SELECT sum(n) AS total, count(*) AS c FROM t;"), "landed");
  EXPECT_EQ(rows("SELECT total, c FROM sums"), (Lines{"60|3"}));
  EXPECT_EQ(outcome("create or replace table \"SUMS\" as (with x as (from t) select sum(n) as total from x)"),
            "landed");
  EXPECT_EQ(rows("SELECT total FROM sums"), (Lines{"120"}));
  EXPECT_THAT(outcome("CREATE TABLE Sums AS SELECT 1 AS a"), HasSubstr("already a table \"sums\""));
  EXPECT_EQ(outcome("CREATE TABLE IF NOT EXISTS sums AS SELECT 1 AS a"), "landed");
  EXPECT_EQ(rows("SELECT total FROM sums"), (Lines{"120"}));
  job("sums", JobType::kDelta).csv("total\n7\n").land();
  EXPECT_EQ(rows("SELECT total FROM sums ORDER BY 1"), (Lines{"7", "120"})) << "it is a table like any other";
}

TEST_F(PostExecution, ATableThatItMakesMaySpellTheChangeDateAnotherWay) {
  ASSERT_EQ(outcome("CREATE TABLE made AS SELECT 1 AS id, 'x' AS v, 'y' AS w, TIMESTAMP '2001-01-01' AS "
                    "_celonis_change_date"),
            "landed");
  const auto sql = "SELECT id, v, w, year(_celonis_change_date) FROM made ORDER BY id";
  job("made", JobType::kDelta, {"id"}).csv("id,v,w\n1,z,z\n2,n,n\n").land();
  EXPECT_EQ(rows(sql), (Lines{"1|z|z|2020", "2|n|n|2020"}));
  job("made", JobType::kDelta, {"id"}).csv("id,v\n3,n\n").csv("id\n2\n", ChunkOperation::kDelete).land();
  EXPECT_EQ(rows(sql), (Lines{"1|z|z|2020", "3|n|NULL|2020"}));
  job("made", JobType::kDelta).csv("id,v\n4,n\n").land();
  EXPECT_EQ(rows(sql), (Lines{"1|z|z|2020", "3|n|NULL|2020", "4|n|NULL|2020"}));
}

TEST_F(PostExecution, ATableThatItMakesStoresItsValuesAsPushesDo) {
  EXPECT_EQ(
      outcome(
          "CREATE TABLE made AS SELECT 1 AS i, 2::UTINYINT AS u, sum(n) AS s, 1.5::FLOAT AS f, [1, 2] AS l, "
          "{'a': 'x'} AS o, TIMESTAMPTZ '2024-01-01 12:00:00+02' AS z, NULL AS none, 'a' AS t, 1.50 AS d, "
          "uuid '0b7f6e6e-6f0f-4c1c-9a53-0123456789ab' AS id, DATE '2024-01-01' AS day FROM t"),
      "landed");
  EXPECT_EQ(columns("made"),
            "i BIGINT, u BIGINT, s DECIMAL(38,0), f DOUBLE, l VARCHAR, o VARCHAR, z TIMESTAMP, none BIGINT, "
            "t VARCHAR, "
            "d DECIMAL(3,2), id VARCHAR, day DATE");
  EXPECT_EQ(
      rows("SELECT i, u, s, f, l, o, z, none, id FROM made"),
      (Lines{
          "1|2|60|1.5|[1,2]|{\"a\":\"x\"}|2024-01-01T10:00:00|NULL|0b7f6e6e-6f0f-4c1c-9a53-0123456789ab"}));
  open();
  job("made", JobType::kDelta).csv("i,none\n5000000000,7\n").land();
  EXPECT_EQ(rows("SELECT i, none FROM made ORDER BY i"), (Lines{"1|NULL", "5000000000|7"}));
}

TEST_F(PostExecution, InsertsUpdatesAndDeletes) {
  EXPECT_EQ(outcome("INSERT INTO other (v, id) SELECT 'n' || n, id FROM t WHERE id > 2"), "landed");
  EXPECT_EQ(rows("SELECT id, v FROM other ORDER BY id"), (Lines{"1|x", "2|y", "3|n30"}));
  EXPECT_EQ(
      outcome("UPDATE other SET v = upper(v), id = id + 100 WHERE id IN (SELECT id FROM t WHERE n < 15)"),
      "landed");
  EXPECT_EQ(rows("SELECT id, v FROM other ORDER BY id"), (Lines{"2|y", "3|n30", "101|X"}));
  EXPECT_EQ(outcome("DELETE FROM other WHERE id < 100 -- all but one"), "landed");
  EXPECT_EQ(rows("SELECT id FROM other"), (Lines{"101"}));
  EXPECT_EQ(outcome("DELETE FROM other;"), "landed");
  EXPECT_EQ(rows("SELECT count(*) FROM other"), (Lines{"0"}));
  EXPECT_EQ(outcome("INSERT INTO other VALUES (5, 'v', TIMESTAMP '2020-01-01')"), "landed");
  EXPECT_EQ(rows("SELECT id, v FROM other"), (Lines{"5|v"}));
}

TEST_F(PostExecution, MayChangeTheTargetItselfHoweverItLands) {
  EXPECT_EQ(outcome("UPDATE t SET n = n + 1", JobType::kReplace), "landed");
  EXPECT_EQ(rows("SELECT n FROM t ORDER BY id"), (Lines{"11", "21", "31"}));
  EXPECT_EQ(outcome("DELETE FROM T WHERE id = 1", JobType::kReplace), "landed");
  EXPECT_EQ(rows("SELECT id FROM t ORDER BY id"), (Lines{"2", "3"}));
  EXPECT_EQ(outcome("UPDATE t SET n = 0 WHERE id = 3", JobType::kDelta), "landed");
  EXPECT_EQ(rows("SELECT id, n FROM t ORDER BY id, n"), (Lines{"1|10", "2|20", "2|20", "3|0", "3|0"}));
  with("UPDATE t SET extra = n * 2", JobType::kReplace, {"id"}).csv("id,n,extra\n1,5,\n2,6,\n").land();
  with("DELETE FROM t WHERE n IS NULL", JobType::kDelta, {"id"}).csv("id,n,more\n1,,x\n3,8,y\n").land();
  EXPECT_EQ(rows("SELECT id, n, more FROM t ORDER BY id"), (Lines{"2|6|NULL", "3|8|y"}));
  open();
  EXPECT_EQ(rows("SELECT id, n, more FROM t ORDER BY id"), (Lines{"2|6|NULL", "3|8|y"}));
}

TEST_F(PostExecution, AFailureLeavesEverythingAsItWasAndSaysWhatAndWhere) {
  const auto message = outcome("UPDATE other SET id = 1 WHERE nowhere = 2");
  EXPECT_THAT(message, HasSubstr("postExecutionQuery"));
  EXPECT_THAT(message, HasSubstr("nowhere"));
  EXPECT_THAT(outcome("INSERT INTO other (id) SELECT error('stop here') FROM t"),
              HasSubstr("postExecutionQuery"));
  EXPECT_THAT(outcome("INSERT INTO other (id) SELECT CAST('word' AS INTEGER)"), HasSubstr("word"));
  EXPECT_THAT(outcome("DELETE FROM nothing"), HasSubstr("no table \"nothing\""));
  EXPECT_THAT(rows("SELECT * FROM t")[0], HasSubstr("error"));
  EXPECT_EQ(rows("SELECT id, v FROM other ORDER BY id"), (Lines{"1|x", "2|y"}));
}

TEST_F(PostExecution, NothingElsePasses) {
  const auto before = rows("SHOW TABLES");
  for (const auto* sql : {
           "SELECT 1",
           "",
           ";",
           "DROP TABLE other",
           "ALTER TABLE other ADD COLUMN x INTEGER",
           "CREATE VIEW w AS SELECT 1",
           "CREATE TEMP TABLE x AS SELECT 1",
           "CREATE TABLE x (a INTEGER)",
           "CREATE SCHEMA s",
           "CREATE MACRO f() AS 1",
           "CREATE SEQUENCE s",
           "TRUNCATE other",
           "COPY other TO '/tmp/adit-x.csv'",
           "COPY other FROM '/etc/passwd'",
           "ATTACH '/tmp/adit-x.db'",
           "SET memory_limit = '1GB'",
           "PRAGMA database_list",
           "CHECKPOINT",
           "COMMIT",
           "ROLLBACK",
           "INSTALL httpfs",
           "LOAD json",
           "CALL pragma_version()",
           "VACUUM",
           "EXPORT DATABASE '/tmp/adit-x'",
           // Tables that are none of the user's.
           "DELETE FROM adit.landings",
           "INSERT INTO adit.landings SELECT * FROM t",
           "DELETE FROM adit.landings",
           "DELETE FROM pool.main.other",
           "CREATE TABLE adit.x AS SELECT 1",
           "CREATE TABLE __adit_x AS SELECT 1",
           "UPDATE \"__ADIT_x\" SET a = 1",
           "CREATE TABLE x AS SELECT * FROM adit.landings",
           "INSERT INTO other (v) SELECT table_name FROM information_schema.tables",
           "CREATE TABLE x AS SELECT 1 AS __adit_chunk",
           "CREATE TABLE x AS SELECT 1 AS \"Ä\", 2 AS \"ä\"",
           // Files, settings, functions of the system: in every place where an expression can stand.
           "CREATE TABLE x AS SELECT * FROM read_csv('/etc/passwd')",
           "CREATE TABLE x AS FROM '/etc/passwd'",
           "INSERT INTO other (v) SELECT content FROM read_text('/etc/passwd')",
           "INSERT INTO other (v) SELECT current_setting('temp_directory')",
           "UPDATE other SET v = (SELECT content FROM read_text('/etc/passwd'))",
           "UPDATE other SET v = current_setting('temp_directory')",
           "UPDATE other SET v = getenv('HOME')",
           "UPDATE other SET v = 'x' WHERE (SELECT count(*) FROM adit.landings) > 0",
           "DELETE FROM other WHERE id IN (SELECT 1 FROM duckdb_settings())",
           "DELETE FROM other WHERE v = current_setting('temp_directory')",
           "DELETE FROM other USING adit.landings WHERE true",
           "DELETE FROM other AS o WHERE true",
           "UPDATE other SET v = 1 FROM adit.landings",
           "UPDATE other o SET v = 1",
           // Two statements, and texts that would read differently behind another head.
           "DELETE FROM other; DROP TABLE other",
           "DELETE FROM other WHERE true; DELETE FROM other",
           "DELETE FROM other WHERE true RETURNING (SELECT current_setting('temp_directory'))",
           "INSERT INTO other SELECT 1, 'a', NULL ON CONFLICT DO NOTHING",
           "INSERT INTO other SELECT 1, 'a', NULL RETURNING *",
           "INSERT INTO other BY NAME SELECT 1 AS id",
           "INSERT OR REPLACE INTO other SELECT 1, 'a', NULL",
           "INSERT INTO other DEFAULT VALUES",
           "UPDATE other SET v = DEFAULT",
           "UPDATE other SET v = 'a' RETURNING v",
           "UPDATE other SET v = 'a' /* FROM */ FROM duckdb_settings()",
           "DELETE FROM other WHERE true --\n; DROP TABLE t",
           "DELETE FROM other WHERE true UNION SELECT 1",
           "DELETE FROM other /* x */ ; DELETE FROM t",
           "WITH x AS (SELECT 1) DELETE FROM other",
           "EXPLAIN ANALYZE DELETE FROM other",
           "CREATE TABLE x AS EXPLAIN SELECT 1",
           "CREATE TABLE x AS SHOW TABLES; DROP TABLE other",
           "CREATE TABLE x AS SELECT repeat('x', 1000000000)",
           "CREATE OR REPLACE TEMP TABLE x AS SELECT 1",
       }) {
    EXPECT_NE(outcome(sql), "landed") << sql;
  }
  EXPECT_EQ(rows("SHOW TABLES"), before);
  EXPECT_EQ(rows("SELECT id, v FROM other ORDER BY id"), (Lines{"1|x", "2|y"}));
  EXPECT_FALSE(std::filesystem::exists("/tmp/adit-x.csv"));
}

TEST_F(PostExecution, TheFormIsKnownBeforeAnyRow) {
  for (const auto* good :
       {"DELETE FROM t", "delete from \"a \"\"b\"\"\" where x", "UPDATE tä SET a = 1",
        "INSERT INTO t (a, \"b c\") SELECT 1, 2", "INSERT INTO t (SELECT 1)",
        "-- first\nCREATE OR REPLACE TABLE t AS SELECT 1", "CREATE TABLE if AS SELECT 1"}) {
    EXPECT_TRUE(checked(good)) << good;
  }
  for (const auto* bad :
       {"", "SELECT 1", "DROP TABLE t", "DELETE t", "INSERT t SELECT 1", "CREATE TABLE t",
        "UPDATE s.t SET a = 1", "DELETE FROM t x", "INSERT INTO t (a", "UPDATE \"t SET a = 1",
        "INSERT INTO t", "CREATE TABLE \"\" AS SELECT 1", "DELETE FROM 1"}) {
    EXPECT_FALSE(checked(bad)) << bad;
  }
  EXPECT_FALSE(checked(std::string("DELETE FROM t\0", 14)));
  EXPECT_FALSE(checked("DELETE FROM t WHERE '" + std::string(200'000, 'x') + "'"));
}

}  // namespace
}  // namespace adit
