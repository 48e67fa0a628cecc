// Tables of data connections: apart from global ones and from each other, whatever is done to them.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class Connections : public WarehouseTest {
 protected:
  TestJob job_in(const std::string& schema, const std::string& table, JobType type = JobType::kReplace,
                 std::vector<std::string> keys = {}) {
    auto made = job(table, type, std::move(keys));
    made.spec().schema = schema;
    return made;
  }
  std::vector<std::string> listed() {
    std::vector<std::string> names;
    auto tables = warehouse_->tables(pool_);
    EXPECT_TRUE(tables);
    for (const auto& table : *tables) names.push_back(table.schema + "/" + table.name);
    return names;
  }
  Landing change(const std::string& schema, const std::string& table, TableChange change) {
    auto made = job_in(schema, table);
    made.spec().change = std::move(change);
    EXPECT_TRUE(warehouse_->check_change(pool_, {schema, table}, *made.spec().change));
    return made.land().landing();
  }
};

TEST_F(Connections, TheSameNameInTwoConnectionsAndGloballyIsThreeTables) {
  job("T").csv("a\n1\n").land();
  job_in("ERP", "T").csv("b\nx\n").land();
  job_in("crm", "t").csv("c\n2.5\n").land();
  EXPECT_THAT(listed(), ElementsAre("/T", "ERP/T", "crm/t"));
  EXPECT_THAT(rows("SELECT a FROM T"), ElementsAre("1"));
  EXPECT_THAT(rows("SELECT b FROM \"ERP\".\"T\""), ElementsAre("x"));
  EXPECT_THAT(rows("SELECT c FROM pool.crm.t"), ElementsAre("2.5"));
  EXPECT_THAT(rows("SELECT a || b FROM main.T, erp.t"), ElementsAre("1x"));
  job_in("ERP", "T").csv("b\ny\n").land();
  EXPECT_THAT(rows("SELECT a FROM T"), ElementsAre("1"));
  EXPECT_THAT(rows("SELECT b FROM ERP.T"), ElementsAre("y"));
}

TEST_F(Connections, AChangeOfATableThatIsJustDroppedIsPossibleOrFindsNone) {
  std::atomic<bool> stop = false;
  std::jthread dropper([&] {
    while (!stop) {
      job("T").csv("a\n1\n").land();
      change("", "T", {TableChangeKind::kDrop, ""});
    }
  });
  int possible = 0;
  int gone = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (possible < 500 && std::chrono::steady_clock::now() < deadline && !HasFailure()) {
    const auto checked = warehouse_->check_change(pool_, {"", "T"}, {TableChangeKind::kDelete, "a = 1"});
    ++(checked ? possible : gone);
    if (!checked) {
      EXPECT_EQ(checked.error().kind, ErrorKind::kNotFound) << checked.error().public_message;
    }
  }
  stop = true;
  EXPECT_GT(possible, 100);
  EXPECT_GT(gone, 0);
}

TEST_F(Connections, TheyTakePushesSideBySide) {
  std::vector<std::future<void>> landings;
  const std::vector<std::string> schemas{"", "a", "b"};
  for (int round = 0; round < 4; ++round) {
    for (const auto& schema : schemas) {
      auto made = std::make_shared<TestJob>(job_in(schema, "T", JobType::kDelta));
      made->csv("who,n\n" + schema + "!,1\n");
      landings.push_back(std::async(std::launch::async, [made] { made->land(); }));
    }
  }
  for (auto& landing : landings) landing.get();
  EXPECT_THAT(rows("SELECT who, count(*) FROM T GROUP BY who"), ElementsAre("!|4"));
  EXPECT_THAT(rows("SELECT who, count(*) FROM a.T GROUP BY who"), ElementsAre("a!|4"));
  EXPECT_THAT(rows("SELECT who, count(*) FROM b.T GROUP BY who"), ElementsAre("b!|4"));
}

TEST_F(Connections, UpsertsDeletesAndWidenedColumnsStayInTheConnection) {
  job("T", JobType::kDelta, {"id"}).csv("id,v\n1,one\n2,two\n").land();
  job_in("c", "T", JobType::kDelta, {"id"}).csv("id,v\n1,10\n2,20\n3,30\n").land();
  job_in("c", "T", JobType::kDelta, {"id"})
      .csv("id,v,w\n2,2.5,new\n")
      .csv("id\n3\n", ChunkOperation::kDelete)
      .land();
  EXPECT_THAT(rows("SELECT id, v, w FROM c.T ORDER BY id"), ElementsAre("1|10.0|NULL", "2|2.5|new"));
  EXPECT_THAT(rows("SELECT id, v FROM T ORDER BY id"), ElementsAre("1|one", "2|two"));
  // More than is held in memory goes through a staging table beside the target.
  std::string big = "id,v,w\n";
  for (int i = 0; i < 60'000; ++i) big += std::to_string(i) + ",1.5,text\n";
  job_in("c", "T", JobType::kDelta, {"id"}).csv(big).land();
  EXPECT_THAT(rows("SELECT count(*), sum(v) FROM c.T"), ElementsAre("60000|90000.0"));
  job_in("c", "T").csv(big).land();
  EXPECT_THAT(rows("SELECT count(*) FROM c.T"), ElementsAre("60000"));
  EXPECT_THAT(listed(), ElementsAre("/T", "c/T"));
}

TEST_F(Connections, MirrorsStandInTheJobsConnection) {
  job("m").csv("a\nglobal\n").land();
  auto made = job_in("c", "T");
  made.spec().mirror_target_names = {"m"};
  made.csv("a\nx\n").land();
  EXPECT_THAT(rows("SELECT a FROM c.m"), ElementsAre("x"));
  EXPECT_THAT(rows("SELECT a FROM m"), ElementsAre("global"));
}

TEST_F(Connections, OddNamesAreNames) {
  for (const std::string name : {"../up", "with \"quotes\"", "a.b", "Größe 😀", "; DROP TABLE t", "select",
                                 "x/y", "file.csv", "'", "SYSTEMS", "%s"}) {
    job_in(name, name).csv("a\n1\n").land();
    job_in(name, name, JobType::kDelta).csv("a\n2\n").land();
    EXPECT_EQ(warehouse_->columns(pool_, {name, name})->size(), 2U) << name;
    std::string quoted;
    for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
    quoted = '"' + quoted + '"';
    EXPECT_THAT(rows("SELECT sum(a) FROM " + quoted + "." + quoted), ElementsAre("3")) << name;
    EXPECT_THAT(rows("SELECT * FROM " + quoted), ElementsAre(StartsWith("error"))) << name;
    EXPECT_EQ(change(name, name, {TableChangeKind::kDelete, "a = 2"}).rows, 1U) << name;
    change(name, name, {TableChangeKind::kDrop, ""});
    EXPECT_TRUE(warehouse_->drop_schema(pool_, name)) << name;
  }
  EXPECT_THAT(listed(), IsEmpty());
}

TEST_F(Connections, NamesFoldByUnicode) {
  job_in("Ärger", "Straße").csv("a\n1\n").land();
  job_in("ÄRGER", "STRASSE", JobType::kDelta).csv("A\n2\n").land();
  EXPECT_THAT(listed(), ElementsAre("Ärger/Straße"));
  open();
  job_in("ärger", "straße", JobType::kDelta).csv("a\n3\n").land();
  EXPECT_THAT(rows("SELECT sum(a) FROM \"Ärger\".\"Straße\""), ElementsAre("6"));
}

TEST_F(Connections, ReservedNamesAreRefusedWhereverTheyComeFrom) {
  for (const std::string name :
       {"main", "ADIT", "pool", "Temp", "system", "information_schema", "__adit_x"}) {
    auto made = job_in(name, "t");
    made.csv("a\n1\n");
    const auto landing = warehouse_->land(made.plan(), {});
    ASSERT_FALSE(landing) << name;
    EXPECT_EQ(landing.error().kind, ErrorKind::kInvalid) << name;
  }
}

TEST_F(Connections, ChangesReachTheConnectionsTableOnly) {
  job("T").csv("a\n1\n2\n").land();
  job_in("c", "T").csv("a\n1\n2\n3\n").land();
  EXPECT_EQ(change("c", "t", {TableChangeKind::kDelete, "a > 1"}).rows, 2U);
  EXPECT_THAT(rows("SELECT count(*) FROM T"), ElementsAre("2"));
  EXPECT_EQ(change("c", "T", {TableChangeKind::kTruncate, ""}).rows, 1U);
  EXPECT_EQ(change("", "T", {TableChangeKind::kDrop, ""}).rows, 2U);
  EXPECT_THAT(listed(), ElementsAre("c/T"));
  EXPECT_EQ(warehouse_->check_change(pool_, {"d", "T"}, {TableChangeKind::kDrop, ""}).error().kind,
            ErrorKind::kNotFound);
}

TEST_F(Connections, DeclaredLengthsBelongToOneTable) {
  const std::vector<ColumnSchema> columns{
      {.name = "a", .type = ColumnType::kString, .field_length = 7, .decimals = {}, .primary_key = false}};
  job("T").csv("a\nx\n").land();
  job_in("c", "T").declare(columns).csv("a\nx\n").land();
  EXPECT_EQ(warehouse_->columns(pool_, {"c", "T"})->front().declared_length, 7);
  EXPECT_FALSE(warehouse_->columns(pool_, {"", "T"})->front().declared_length.has_value());
}

TEST_F(Connections, SqlAfterAPushChangesGlobalTablesOrTheJobsOwn) {
  job("T").csv("a\n1\n").land();
  job_in("other", "T").csv("a\n1\n").land();
  const auto run = [&](const std::string& sql) {
    auto made = job_in("ERP", "T", JobType::kDelta);
    made.spec().post_execution_query = sql;
    made.csv("a\n5\n");
    const auto checked = warehouse_->check_post_execution_query(made.spec());
    if (!checked) return checked.error().public_message;
    const auto landing = warehouse_->land(made.plan(), {});
    return landing ? std::string() : landing.error().public_message;
  };
  EXPECT_EQ(run("UPDATE erp.t SET a = a + 1"), "");
  EXPECT_THAT(rows("SELECT a FROM ERP.T"), ElementsAre("6"));
  EXPECT_EQ(run("CREATE TABLE \"ERP\".sums AS SELECT sum(a) AS s FROM \"ERP\".\"T\""), "");
  EXPECT_THAT(rows("SELECT s FROM ERP.sums"), ElementsAre("11"));
  EXPECT_EQ(run("INSERT INTO T (a) SELECT a FROM other.T"), "");
  EXPECT_THAT(rows("SELECT count(*) FROM T"), ElementsAre("2"));
  EXPECT_EQ(run("INSERT INTO main.T (a) SELECT 0 AS a"), "");
  EXPECT_EQ(run("DELETE FROM ERP.T WHERE a IN (SELECT a FROM \"ERP\".\"T\")"), "");
  EXPECT_THAT(rows("SELECT count(*) FROM ERP.T"), ElementsAre("0"));
  for (const std::string refused :
       {"DELETE FROM other.T", "CREATE TABLE other.x AS SELECT 1 AS a", "INSERT INTO adit.landings SELECT 1",
        "UPDATE information_schema.tables SET a = 1", "DELETE FROM pool.main.T", "DELETE FROM ERP.main.T"}) {
    EXPECT_NE(run(refused), "") << refused;
  }
  EXPECT_THAT(rows("SELECT count(*) FROM other.T"), ElementsAre("1"));
}

TEST_F(Connections, ASchemaGoesWhenItIsEmptyOnly) {
  EXPECT_TRUE(warehouse_->drop_schema(pool_, "never")) << "none there is no error";
  job_in("c", "T").csv("a\n1\n").land();
  EXPECT_EQ(warehouse_->drop_schema(pool_, "C").error().kind, ErrorKind::kConflict);
  EXPECT_THAT(rows("SELECT a FROM c.T"), ElementsAre("1"));
  change("c", "T", {TableChangeKind::kDrop, ""});
  EXPECT_TRUE(warehouse_->drop_schema(pool_, "C"));
  job_in("C", "T").csv("a\n2\n").land();
  EXPECT_THAT(listed(), ElementsAre("C/T")) << "made anew in the new spelling";
}

TEST_F(Connections, StagedRowsAreFoundAgainAndThrownAwayAfterAReopen) {
  std::string big = "id,v\n";
  for (int i = 0; i < 60'000; ++i) big += std::to_string(i) + ",1.5\n";
  auto kept = job_in("c", "T");
  kept.csv(big);
  ASSERT_TRUE(kept.stage_last());
  auto thrown_away = job_in("c", "U");
  thrown_away.csv(big);
  ASSERT_TRUE(thrown_away.stage_last());
  open();
  EXPECT_THAT(listed(), IsEmpty());
  ASSERT_TRUE(warehouse_->discard(pool_, thrown_away.plan().stage.job));
  kept.land();
  EXPECT_THAT(rows("SELECT count(*) FROM c.T"), ElementsAre("60000"));
  change("c", "T", {TableChangeKind::kDrop, ""});
  EXPECT_TRUE(warehouse_->drop_schema(pool_, "c")) << "nothing is left in it";
}

TEST_F(Connections, ALostFileIsRepaired) {
  auto first = job_in("c", "T");
  first.csv("a\n1\n").land();
  auto second = job_in("c", "T", JobType::kDelta);
  second.csv("a\n2\n").land();
  job("T").csv("a\n9\n").land();
  warehouse_.reset();
  std::filesystem::remove_all(options().root);
  open(book_of({first.plan(), second.plan()}));
  EXPECT_THAT(rows("SELECT a FROM c.T ORDER BY a"), ElementsAre("1", "2"));
  EXPECT_THAT(listed(), ElementsAre("c/T"));
}

TEST_F(Connections, AWholeTableIsReadByItsName) {
  job("T").csv("a\nglobal\n").land();
  job_in("c d", "T").csv("a\nx\n").land();
  QueryRequest request;
  request.table = TableName{"C D", "t"};
  const auto result = all_rows(*warehouse_, pool_, request);
  ASSERT_TRUE(result) << result.error().public_message;
  EXPECT_EQ(text(result->rows.at(0).at(0)), "x");
  request.table = TableName{"c", "T"};
  EXPECT_EQ(all_rows(*warehouse_, pool_, request).error().kind, ErrorKind::kNotFound);
}

TEST_F(Connections, ShowTablesTellsTheConnection) {
  job("B").csv("a\n1\n").land();
  job_in("erp", "A").csv("a\n1\n").land();
  EXPECT_THAT(rows("SHOW TABLES"), ElementsAre("B|NULL", "A|erp"));
  EXPECT_THAT(rows("DESCRIBE erp.A"), testing::SizeIs(2));
  EXPECT_THAT(rows("SUMMARIZE erp.A"), testing::SizeIs(2));
}

}  // namespace
}  // namespace adit
