// User SQL can neither read nor write anything but its pool's tables, whatever it says.
#include "support/files_below.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

class SqlConfinement : public SurvivingServerTest {
 protected:
  void SetUp() override {
    SurvivingServerTest::SetUp();
    pool().push_done(csv_job("REPLACE", "t"), {"id,name\n1,one\n"});
  }
  void TearDown() override {
    EXPECT_EQ(pool().rows("SELECT id, name FROM t"), (Rows{{"1", "one"}}));
    SurvivingServerTest::TearDown();
  }
  void expect_refused(const std::string& sql) {
    SCOPED_TRACE(sql);
    const auto response = pool().try_query(sql);
    EXPECT_EQ(response.status, 400) << response.body;
    EXPECT_EQ(response.body.find(server().data().string()), std::string::npos)
        << "a path leaked: " << response.body;
    EXPECT_TRUE(server().running());
  }
};

TEST_F(SqlConfinement, FilesAreOutOfReach) {
  for (const char* sql :
       {"SELECT * FROM '/etc/passwd'", "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')", "SELECT * FROM glob('/**')",
        "SELECT * FROM read_parquet('x.parquet')", "SELECT * FROM parquet_metadata('x')",
        "SELECT * FROM read_json('/etc/passwd')", "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM 'https://example.com/x.parquet'",
        "WITH a AS (SELECT * FROM '/etc/passwd') SELECT * FROM a",
        "SELECT (SELECT count(*) FROM '/etc/passwd')",
        "SELECT * FROM t WHERE id IN (SELECT 1 FROM '/etc/passwd')",
        "SELECT 1 UNION ALL SELECT 1 FROM read_csv('/etc/passwd')", "FROM '/etc/passwd'",
        "SELECT * FROM query('SELECT 1')", "SELECT * FROM query_table('t')", "SELECT getenv('HOME')"}) {
    expect_refused(sql);
  }
}

TEST_F(SqlConfinement, AConnectionOpensItsOwnTablesOnly) {
  const auto sources = "/integration/api/pools/" + pool().pool() + "/data-sources";
  const auto erp = pool().http().post_json(sources, {{"name", "erp"}});
  ASSERT_EQ(erp.status, 200) << erp.body;
  pool().push_done(csv_job("REPLACE", "own", {{"connectionId", field(erp.json(), "id")}}), {"a\n1\n"});
  EXPECT_EQ(pool().value("SELECT a FROM erp.own"), "1");
  for (const char* sql :
       {"SELECT * FROM own", "SELECT * FROM erp.t", "SELECT * FROM adit.landings",
        "SELECT * FROM erp.landings", "SELECT * FROM erp.'/etc/passwd'", "SELECT * FROM erp.\"/etc/passwd\"",
        "SELECT * FROM erp.duckdb_settings", "SELECT * FROM information_schema.tables",
        "SELECT * FROM erp.information_schema.tables", "SELECT * FROM system.erp.own",
        "SELECT * FROM temp.own", "SHOW TABLES FROM erp"}) {
    expect_refused(sql);
  }
  auto other = PoolClient(server());
  EXPECT_EQ(other.try_query("SELECT * FROM erp.own").status, 400) << "of another pool";
}

TEST_F(SqlConfinement, ThePoolsOwnFileAndChunksAreOutOfReach) {
  for (const auto& file : files_below(server().data()))
    expect_refused("SELECT * FROM read_blob('" + file.string() + "')");
}

TEST_F(SqlConfinement, NothingButOneSelectIsAStatement) {
  for (const char* sql : {"COPY t TO '/tmp/adit-was-here'",
                          "COPY t FROM '/etc/passwd'",
                          "ATTACH '/tmp/x.db'",
                          "DETACH pool",
                          "INSERT INTO t VALUES (2, 'x')",
                          "UPDATE t SET id = 2",
                          "DELETE FROM t",
                          "DROP TABLE t",
                          "CREATE TABLE x AS SELECT 1",
                          "CREATE VIEW v AS SELECT 1",
                          "ALTER TABLE t ADD COLUMN x INTEGER",
                          "SET memory_limit = '1GB'",
                          "RESET memory_limit",
                          "PRAGMA database_list",
                          "INSTALL httpfs",
                          "LOAD httpfs",
                          "EXPORT DATABASE '/tmp/x'",
                          "IMPORT DATABASE '/tmp/x'",
                          "CHECKPOINT",
                          "VACUUM",
                          "BEGIN",
                          "COMMIT",
                          "ROLLBACK",
                          "CALL pragma_version()",
                          "PREPARE p AS SELECT 1",
                          "EXECUTE p",
                          "USE adit",
                          "EXPLAIN ANALYZE DELETE FROM t",
                          "SELECT 1; DROP TABLE t",
                          "COMMIT; DROP TABLE t",
                          "SELECT 1;; SELECT 2",
                          "CREATE MACRO m() AS 1",
                          "CREATE SECRET (TYPE s3)",
                          "KILL 1"}) {
    expect_refused(sql);
  }
}

TEST_F(SqlConfinement, TheSelectsThatKillAProcessAreRefused) {
  for (const char* sql :
       {"SELECT * FROM enable_logging()", "SELECT * FROM enable_logging('QueryLog')",
        "SELECT * FROM enable_profiling()", "SELECT * FROM disable_logging()", "SELECT * FROM duckdb_logs()",
        "SELECT repeat('x', 1000000000)", "SELECT write_log('x')"}) {
    expect_refused(sql);
  }
}

TEST_F(SqlConfinement, SettingsAndInternalsAreOutOfReach) {
  for (const char* sql :
       {"SELECT * FROM duckdb_settings()", "SELECT current_setting('temp_directory')",
        "SELECT * FROM pragma_database_list", "SELECT * FROM pragma_database_list()",
        "SELECT * FROM duckdb_databases()", "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM pragma_storage_info('t')", "SELECT * FROM duckdb_temporary_files()"}) {
    expect_refused(sql);
  }
}

TEST_F(SqlConfinement, OurOwnTablesAreOutOfReach) {
  const auto job = pool().create_job(csv_job("DELTA", "t"));
  pool().upload(job, "id,name\n2,two\n");
  pool().wait_staged(job);
  EXPECT_EQ(pool().tables(), (std::vector<std::string>{"t"})) << "staging tables don't show";
  for (const char* sql :
       {"SELECT * FROM adit.landings", "SELECT * FROM adit.marks", "SELECT * FROM adit.stages",
        "SELECT * FROM pool.adit.marks", "SELECT * FROM \"adit\".\"landings\""}) {
    expect_refused(sql);
  }
}

TEST_F(SqlConfinement, OrdinaryAnalysisWorks) {
  pool().push_done(csv_job("REPLACE", "events"),
                   {csv_of("SELECT range % 10 AS c, range AS n, 'a' || (range % 3) AS activity, "
                           "TIMESTAMP '2024-01-01' + INTERVAL (range) MINUTE AS happened FROM range(100)")});
  EXPECT_EQ(pool().value("SELECT count(*) FROM events JOIN t ON events.c = t.id"), "10");
  EXPECT_EQ(pool().value(
                "WITH a AS (SELECT c, max(n) AS m FROM events GROUP BY c HAVING c > 5) SELECT sum(m) FROM a"),
            "390");
  EXPECT_EQ(pool().value("SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY c ORDER BY happened) "
                         "AS r FROM events) "
                         "WHERE r = 1"),
            "10");
  EXPECT_EQ(pool().value("SELECT string_agg(DISTINCT activity, ',' ORDER BY activity) FROM events"),
            "a0,a1,a2");
  EXPECT_EQ(pool().value("SELECT count(*) FROM events e WHERE EXISTS (SELECT 1 FROM t WHERE t.id = e.c)"),
            "10");
  EXPECT_EQ(pool().value("SELECT lower(upper('Ä')) || substr('abc', 2) || coalesce(NULL, 'x')"), "äbcx");
  EXPECT_EQ(pool().value("SELECT count(*) FROM generate_series(1, 5)"), "5");
}

}  // namespace
}  // namespace adit::test
