// A pool's file, a connection for users' SQL, and what the tests of the gate ask of it.
#pragma once

#include <string>
#include <vector>

#include "warehouse/duckdb/sql_gate.h"
#include "warehouse/query_fixture.h"

namespace adit {

class SqlGate : public PoolFileTest {
 protected:
  void SetUp() override {
    PoolFileTest::SetUp();
    if (!HasFatalFailure()) connection_ = fresh();
  }
  void TearDown() override {
    connection_ = Connection();
    PoolFileTest::TearDown();
  }

  /// Why the gate refuses the statement; empty if it lets it through.
  std::string refusal(const std::string& sql) {
    const auto gated = gate_query(connection_, sql);
    if (gated) return {};
    EXPECT_EQ(gated.error().kind, ErrorKind::kInvalid) << sql << ": " << gated.error().internal_detail;
    EXPECT_FALSE(gated.error().public_message.empty()) << sql;
    return gated.error().public_message;
  }

  void expect_refused(const std::string& sql) { EXPECT_NE(refusal(sql), "") << "let through: " << sql; }

  /// Let through, and the engine runs it: what the gate knows and what the engine does are the same language.
  void expect_runs(const std::string& sql) {
    const auto gated = gate_query(connection_, sql);
    ASSERT_TRUE(gated) << sql << "\n" << gated.error().public_message << gated.error().internal_detail;
    const auto rows = try_run(connection_, gated->sql);
    EXPECT_TRUE(rows) << sql << "\n" << rows.error().message;
  }

  std::vector<std::string> list(const std::string& sql) {
    std::vector<std::string> values;
    const auto rows = try_run(owner_, sql);
    EXPECT_TRUE(rows) << sql;
    for (std::size_t row = 0; rows && row < rows->size(); ++row)
      values.push_back(rows->text(row, 0).value_or(""));
    return values;
  }

  Connection connection_;
};

/// What analysts write; all of it must pass, and run.
inline const std::vector<std::string> kAnalystsQueries = {
    "SELECT 1",
    "select 1;",
    "-- comment\nSELECT 1 /* and /* nested */ more */ ; -- end",
    "SELECT * FROM events",
    "SELECT * FROM EVENTS e WHERE e.Cost > 1.5 AND activity LIKE 'step%' ORDER BY ts DESC NULLS LAST LIMIT "
    "10 OFFSET 5",
    "FROM events",
    "FROM events SELECT case_id, count(*) GROUP BY ALL ORDER BY ALL",
    "TABLE events",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT * FROM (VALUES (1, 'a')) AS v(id, name)",
    "SELECT * FROM main.events",
    "SELECT * FROM pool.main.events",
    "SELECT e.*, c.region FROM events e LEFT JOIN cases c USING (case_id)",
    "SELECT count(*) FROM events e JOIN cases c ON e.case_id = c.case_id AND c.region IN ('EU', 'US')",
    "SELECT * FROM events NATURAL JOIN cases",
    "SELECT * FROM events e SEMI JOIN cases c ON e.case_id = c.case_id",
    "SELECT * FROM events a ASOF JOIN events b ON a.case_id = b.case_id AND a.ts >= b.ts LIMIT 1",
    "SELECT * FROM events POSITIONAL JOIN cases",
    "SELECT a.case_id, x.n FROM events a, LATERAL (SELECT count(*) AS n FROM events b WHERE b.case_id = "
    "a.case_id) x",
    "SELECT case_id, row_number() OVER (PARTITION BY case_id ORDER BY ts) AS step FROM events",
    "SELECT case_id, ts - lag(ts, 1) OVER w AS waited, sum(cost) OVER (w ROWS BETWEEN 2 PRECEDING AND "
    "CURRENT ROW EXCLUDE TIES) "
    "FROM events WINDOW w AS (PARTITION BY case_id ORDER BY ts)",
    "SELECT * FROM events QUALIFY row_number() OVER (PARTITION BY case_id ORDER BY ts DESC) = 1",
    "SELECT first_value(cost IGNORE NULLS) OVER (ORDER BY ts), ntile(4) OVER (ORDER BY cost) FROM events",
    "WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 10) SELECT sum(x) FROM n",
    "WITH a AS (SELECT * FROM events), b(id) AS MATERIALIZED (SELECT case_id FROM a) SELECT * FROM b, a "
    "LIMIT 1",
    "WITH events AS (SELECT 1 AS own) SELECT own FROM events",
    "WITH A AS (SELECT 1 AS x) SELECT x FROM a UNION ALL (WITH b AS (SELECT 2) SELECT * FROM b)",
    "SELECT activity, count(*) FILTER (WHERE cost > 2), avg(cost), median(cost), quantile_cont(cost, 0.9) "
    "FROM events "
    "GROUP BY activity HAVING count(*) > 1",
    "SELECT case_id, activity, sum(cost), grouping(case_id) FROM events GROUP BY ROLLUP (case_id, "
    "activity)",
    "SELECT case_id, activity, sum(cost) FROM events GROUP BY GROUPING SETS ((case_id), (activity), ())",
    "SELECT string_agg(DISTINCT activity, ', ' ORDER BY activity), list(activity ORDER BY ts) FROM events",
    "SELECT DISTINCT ON (case_id) case_id, activity FROM events ORDER BY case_id, ts",
    "SELECT arg_max(activity, ts), max_by(activity, cost), approx_count_distinct(case_id), mode(activity) "
    "FROM events",
    "SELECT tags[1], tags[1:2], len(tags), list_contains(tags, 'a'), unnest(tags) FROM events",
    "SELECT list_transform([1, 2, 3], lambda x: x + 1), list_filter([1, 2], lambda x: x > 1), "
    "list_sort([3, 1])",
    "SELECT [x * 2 FOR x IN [1, 2, 3] IF x > 1]",
    "SELECT props.color, props['size'], struct_pack(a := 1), {'a': 1}.a, MAP {'k': 'v'}['k'] FROM events",
    "SELECT payload->'k'->>0, payload->>'$.k[0]', json_extract_string(payload, '$.k'), "
    "json_array_length(payload->'k') FROM events",
    "SELECT json_group_array(activity), json_object('a', 1), to_json({'x': 1}) FROM events",
    "SELECT date_trunc('month', ts), ts + INTERVAL 1 DAY, extract(year FROM ts), date_diff('day', ts, ts), "
    "strftime(ts, '%Y-%m'), "
    "dayname(ts), epoch_ms(ts), ts::DATE, age(ts, ts), time_bucket(INTERVAL 1 WEEK, ts) FROM events",
    "SELECT current_date, current_timestamp, now(), today(), DATE '2024-01-01', TIMESTAMP '2024-01-01 "
    "10:00:00' AT TIME ZONE 'UTC'",
    "SELECT CAST('1' AS INTEGER), TRY_CAST('x' AS DOUBLE), '1.50'::DECIMAL(18, 2), '{}'::JSON, "
    "'a'::ENUM('a', 'b')",
    "SELECT 42::VARIANT::INTEGER, [1, 2]::INTEGER[2], NULL::STRUCT(a INTEGER, b VARCHAR[])",
    "SELECT CASE WHEN cost > 1 THEN 'high' WHEN cost IS NULL THEN 'none' ELSE 'low' END, CASE activity "
    "WHEN 'a' THEN 1 END FROM events",
    "SELECT coalesce(case_id, '-'), nullif(activity, ''), ifnull(cost, 0), if(cost > 1, 1, 0), greatest(1, "
    "2) FROM events",
    "SELECT * EXCLUDE (tags) REPLACE (upper(activity) AS activity) RENAME (ts AS time) FROM events",
    "SELECT COLUMNS('c.*'), COLUMNS(c -> c LIKE 'act%') FROM events",
    "SELECT max(COLUMNS(*)) FROM cases",
    "SELECT #1, #2 FROM (SELECT case_id, activity FROM events)",
    "SELECT regexp_replace(activity, '[0-9]+', '#', 'g'), split_part(activity, ' ', 1), activity[1:3], "
    "activity.upper(), "
    "substring(activity FROM 1 FOR 3), trim(BOTH ' ' FROM activity), position('t' IN activity), activity "
    "|| '!' FROM events",
    "SELECT lpad(activity, 10, '0'), rpad(activity, 10, ' '), repeat('-', 20), format('{:>10}', activity), "
    "printf('%05d', 7) FROM events",
    "SELECT 'a' SIMILAR TO 'b', 'a' ILIKE 'A', NOT 'a' GLOB 'b', 'x' COLLATE NOCASE = 'X', 1 BETWEEN 0 AND "
    "2, 1 IS DISTINCT FROM 2",
    "SELECT 7 // 2, 7 % 2, 2 ** 3, 5!, ~1, 1 << 2, 6 & 3, 6 | 1, -cost, @cost FROM events",
    "SELECT * FROM range(10)",
    "SELECT i FROM generate_series(1, 10, 2) t(i)",
    "SELECT d::DATE FROM generate_series(DATE '2024-01-01', DATE '2024-12-31', INTERVAL 1 DAY) t(d)",
    "SELECT unnest(range(1, 10)), * FROM unnest([1, 2, 3]) WITH ORDINALITY",
    "SELECT key, value FROM json_each('{\"a\": 1}')",
    "PIVOT events ON activity IN ('step 1', 'step 2') USING sum(cost) GROUP BY case_id",
    "SELECT * FROM (SELECT case_id, activity, cost FROM events) PIVOT (sum(cost) FOR activity IN ('step "
    "1', 'step 2'))",
    "UNPIVOT (SELECT case_id, cost, cost AS c2 FROM events) ON cost, c2",
    "SELECT * FROM events USING SAMPLE 10%",
    "SELECT * FROM events TABLESAMPLE reservoir(5 ROWS)",
    "SELECT 1 UNION SELECT 2 EXCEPT SELECT 3 INTERSECT SELECT 4",
    "SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS b",
    "SELECT * FROM events WHERE case_id IN (SELECT case_id FROM cases) OR EXISTS (SELECT 1 FROM cases c "
    "WHERE c.case_id = events.case_id)",
    "SELECT (SELECT max(cost) FROM events), ARRAY(SELECT case_id FROM cases), cost > ALL (SELECT 1) FROM "
    "events",
    "SELECT \"Länge\" FROM \"Größe Ü\"",
    "SELECT x FROM \"../odd \"\"name\"\".csv\"",
    "SELECT * FROM good_view WHERE n > 1",
    "SELECT * FROM \"v AS x\"",
    "SELECT getdate FROM (SELECT 1 AS getdate)",
    "SELECT cost AS a, a + 1 AS b, b * 2 AS c FROM events",
    "SELECT TRY(1 / 0), 1e3, 12345678901234567890123, X'41', $$it's$$, E'\\n', 'Ärger 😀'",
    "DESCRIBE events",
    "DESCRIBE SELECT 1 AS a",
    "SHOW events",
    "SUMMARIZE events",
    "SHOW TABLES",
    "EXPLAIN SELECT * FROM events",
    "explain/**/FROM events",
    "EXPLAIN(SELECT 1)"};

}  // namespace adit
