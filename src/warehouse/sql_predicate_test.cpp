#include "warehouse/duckdb/sql_predicate.h"

#include "warehouse/query_fixture.h"

namespace adit {
namespace {

class Predicate : public PoolFileTest {
 protected:
  std::string reason(const std::string& predicate, const std::string& table = "events") {
    auto connection = fresh();
    const auto passed = gate_predicate(connection, {.name = table}, predicate);
    if (passed) return "passed";
    EXPECT_EQ(passed.error().kind, ErrorKind::kInvalid)
        << predicate << ": " << passed.error().internal_detail;
    return passed.error().public_message;
  }
};

TEST_F(Predicate, ComparesTheColumnsOfARow) {
  for (const char* predicate :
       {"case_id = 'case 1'", "CASE_ID LIKE 'case 1%' AND cost > 3.5 -- why", "events.cost IS NULL",
        "ts < TIMESTAMP '2024-02-01'", "list_contains(tags, 'a')", "props.color = 'red'",
        "regexp_matches(activity, '^step [0-9]$')", "true", "(cost = 1) OR (cost = 2)",
        "activity IN ('a', 'b')", "nullif(cost, 1) IS NULL", "cost = 1) OR (cost = 2"}) {
    EXPECT_EQ(reason(predicate), "passed") << predicate;
  }
  EXPECT_EQ(reason("\"Länge\" = 3", "Größe Ü"), "passed");
  EXPECT_EQ(reason("x = 3", "../odd \"name\".csv"), "passed");
}

TEST_F(Predicate, IsOneExpressionAndNoPieceOfTheStatement) {
  for (const char* predicate :
       {"", " ", "-- nothing", "true; SELECT 1", "true);", "true) UNION SELECT 1 WHERE (true",
        "true) GROUP BY (cost", "true) ORDER BY (cost", "true) LIMIT (1", "true) HAVING (true",
        "true) QUALIFY (true", "true) OFFSET (1", "true) USING SAMPLE (1", "true) WINDOW w AS (ORDER BY cost",
        "true /*", "'", "SELECT true", "true RETURNING *", "FROM cases"}) {
    EXPECT_NE(reason(predicate), "passed") << predicate;
  }
}

TEST_F(Predicate, SeesNothingButItsRow) {
  EXPECT_NE(reason("case_id IN (SELECT case_id FROM cases)").find("subquery"), std::string::npos);
  EXPECT_NE(reason("EXISTS (SELECT 1)").find("subquery"), std::string::npos);
  for (const char* predicate :
       {"nope = 1", "cases.region = 'x'", "count(*) > 1", "row_number() OVER () = 1",
        "read_text('/etc/passwd') = ''", "getenv('HOME') = ''", "cost = $1", "job = 'x'"}) {
    EXPECT_NE(reason(predicate), "passed") << predicate;
  }
}

TEST_F(Predicate, MeansTheSameRowsWheneverItIsAsked) {
  for (const char* predicate :
       {"random() < 0.5", "ts < now()", "ts < current_timestamp", "ts::DATE < current_date", "ts < today()",
        "ts < get_current_timestamp()", "uuid() IS NULL", "gen_random_uuid() IS NULL", "rowid = 1",
        "events.rowid = 1", "ts < CURRENT_TIMESTAMP - INTERVAL 1 DAY", "ts < localtimestamp",
        "ts < ago(INTERVAL 1 DAY)", "nextval('adit.s') = 1", "age(ts) > INTERVAL 1 DAY"}) {
    EXPECT_NE(reason(predicate), "passed") << predicate;
  }
  make("CREATE TABLE clocks (rowid INTEGER, \"current_date\" DATE)");
  EXPECT_EQ(reason("rowid = 1 AND \"current_date\" > DATE '2024-01-01'", "clocks"), "passed");
}

TEST_F(Predicate, IsBounded) {
  EXPECT_NE(reason("cost = 1 OR " + std::string(kPredicateBytesMax, ' ') + "true"), "passed");
  std::string deep = "true";
  for (int i = 0; i < 2000; ++i) deep = "(" + deep + ")";
  reason(deep);
}

}  // namespace
}  // namespace adit
