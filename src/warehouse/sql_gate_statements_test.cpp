// Which statements pass the gate, and which functions of tables.
#include <algorithm>

#include "warehouse/duckdb/sql_text.h"
#include "warehouse/sql_gate_fixture.h"

namespace adit {
namespace {

TEST_F(SqlGate, LetsAnalystsQueriesThrough) {
  for (const auto& sql : kAnalystsQueries) expect_runs(sql);
}

TEST_F(SqlGate, RefusesEveryTableFunctionThatIsNotOnItsList) {
  const std::set<std::string> allowed = {"generate_series",   "json_each", "json_tree",
                                         "pg_timezone_names", "range",     "unnest"};
  const auto functions = list(
      "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN ('table', "
      "'table_macro', 'pragma')");
  ASSERT_GT(functions.size(), 100U);
  for (const auto& function : functions) {
    if (allowed.contains(function)) continue;
    const auto name = quote_identifier(function);
    for (const auto& sql :
         {"FROM " + name + "()", "FROM " + name + "('/etc/passwd')", "FROM " + name + "('events', 1)",
          "SELECT * FROM events, " + name + "(activity) t", "SELECT (SELECT 1 FROM " + name + "())",
          "WITH a AS (FROM " + name + "('x')) FROM a", "FROM system.main." + name + "('x')",
          "EXPLAIN FROM " + name + "('x')"}) {
      EXPECT_NE(refusal(sql).find("The table function "), std::string::npos) << sql;
    }
    expect_refused("CALL " + name + "('x')");
    expect_refused("PRAGMA " + function);
    expect_refused("PRAGMA " + function + "('x')");
  }
}

TEST_F(SqlGate, RefusesTheSelectsThatKillAProcess) {
  for (const auto* sql : {"SELECT * FROM enable_logging('QueryLog')", "FROM enable_logging()",
                          "SELECT * FROM enable_profiling('json')", "FROM enable_profiling()",
                          "SELECT * FROM ENABLE_LOGGING(level = 'trace')",
                          "SELECT * FROM events WHERE EXISTS (FROM enable_profiling())"}) {
    EXPECT_NE(refusal(sql).find("is not available"), std::string::npos) << sql;
  }
  EXPECT_TRUE(try_run(connection_, "SELECT count(*) FROM events"));
}

TEST_F(SqlGate, RefusesEveryOtherKindOfStatement) {
  const char* statements[] = {
      "INSERT INTO cases VALUES ('a', 'b')",
      "INSERT INTO cases BY NAME SELECT 'a' AS case_id RETURNING *",
      "UPDATE cases SET region = 'x'",
      "DELETE FROM cases",
      "TRUNCATE cases",
      "MERGE INTO cases USING events ON cases.case_id = events.case_id WHEN MATCHED THEN DELETE",
      "CREATE TABLE t (x INTEGER)",
      "CREATE TABLE t AS SELECT 1",
      "CREATE TEMP TABLE t AS SELECT 1",
      "CREATE OR REPLACE TABLE cases AS SELECT 1",
      "CREATE VIEW v AS SELECT 1",
      "CREATE MACRO m() AS 1",
      "CREATE MACRO m() AS TABLE SELECT 1",
      "CREATE SCHEMA s",
      "CREATE SEQUENCE s",
      "CREATE TYPE e AS ENUM ('a')",
      "CREATE INDEX i ON cases (case_id)",
      "CREATE SECRET s (TYPE s3)",
      "DROP TABLE cases",
      "DROP VIEW good_view",
      "DROP SCHEMA adit CASCADE",
      "ALTER TABLE cases ADD COLUMN x INTEGER",
      "ALTER TABLE cases RENAME TO other",
      "COMMENT ON TABLE cases IS 'x'",
      "COPY cases TO '/tmp/x.csv'",
      "COPY (SELECT 1) TO '/tmp/x.csv'",
      "COPY cases FROM '/etc/passwd'",
      "COPY FROM DATABASE pool TO other",
      "EXPORT DATABASE '/tmp/x'",
      "IMPORT DATABASE '/tmp/x'",
      "ATTACH ':memory:' AS other",
      "ATTACH 'x.db'",
      "DETACH pool",
      "USE adit",
      "INSTALL httpfs",
      "LOAD httpfs",
      "UPDATE EXTENSIONS",
      "SET memory_limit = '1TB'",
      "SET VARIABLE x = 1",
      "RESET memory_limit",
      "PRAGMA database_list",
      "PRAGMA memory_limit = '1TB'",
      "PRAGMA table_info('cases')",
      "CALL duckdb_settings()",
      "CHECKPOINT",
      "FORCE CHECKPOINT",
      "VACUUM",
      "ANALYZE",
      "BEGIN",
      "BEGIN TRANSACTION READ ONLY",
      "COMMIT",
      "ROLLBACK",
      "ABORT",
      "PREPARE p AS SELECT 1",
      "PREPARE p AS DELETE FROM cases",
      "EXECUTE p",
      "EXECUTE p(1)",
      "DEALLOCATE p",
      "EXPLAIN DELETE FROM cases",
      "EXPLAIN ANALYZE DELETE FROM cases",
      "EXPLAIN ANALYZE SELECT 1",
      "EXPLAIN (FORMAT json) DELETE FROM cases",
      "EXPLAIN COPY cases TO '/tmp/x'",
      "EXPLAIN EXPLAIN SELECT 1",
      "EXPLAIN SHOW TABLES",
      "SHOW ALL TABLES",
      "SHOW DATABASES",
      "SHOW SCHEMAS",
      "SHOW",
      "DESCRIBE",
      "DESCRIBE adit.marks",
      "SHOW TABLES FROM adit",
      "SELECT * FROM (SHOW TABLES)",
      "SUMMARIZE '/etc/passwd'",
      "SELECT 1 INTO t",
      "WITH a AS (DELETE FROM cases RETURNING *) FROM a",
      "PIVOT events ON activity USING sum(cost)",
      "SELECT 1; SELECT 2",
      "COMMIT; INSERT INTO cases VALUES ('a', 'b')",
      "SELECT 1; DROP TABLE cases;",
      "EXPLAIN SELECT 1; DROP TABLE cases",
      "SELECT 1;;SELECT 2",
      "",
      " ",
      ";",
      "-- nothing",
      "/* nothing */",
      "nonsense",
      "EXPLAIN",
      "EXPLAIN "};
  for (const auto* sql : statements) expect_refused(sql);
  EXPECT_NE(refusal("DROP TABLE cases").find("Only queries are allowed"), std::string::npos);
  EXPECT_NE(refusal("SELECT 1; SELECT 2").find("exactly one statement"), std::string::npos);
  EXPECT_NE(refusal("PIVOT events ON activity USING sum(cost)").find("PIVOT … ON column IN"),
            std::string::npos);
}
}  // namespace
}  // namespace adit
