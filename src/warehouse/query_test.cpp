#include "warehouse/duckdb/query.h"

#include <chrono>
#include <thread>

#include "warehouse/duckdb/engine_message.h"
#include "warehouse/query_fixture.h"
#include "warehouse/rows_fixture.h"

namespace adit {
namespace {

using namespace std::chrono_literals;

class UserQuery : public PoolFileTest {
 protected:
  Result<AllRows> query(const std::string& sql, std::uint64_t row_limit = 10'000,
                        std::chrono::milliseconds timeout = 60s, std::stop_token stop = {}) {
    auto connection = fresh();
    return all_rows(QueryRun::start(connection, {sql, row_limit, timeout}, stop));
  }

  Cell value(const std::string& expression) {
    const auto result = query("SELECT " + expression);
    if (!result) {
      ADD_FAILURE() << expression << ": " << result.error().public_message << " "
                    << result.error().internal_detail;
      return {};
    }
    return result->rows.at(0).at(0);
  }

  std::string text(const std::string& expression) {
    const auto cell = value(expression);
    const auto* text = std::get_if<std::string>(&cell);
    return text == nullptr ? "(not a text)" : *text;
  }
};

TEST_F(UserQuery, GivesColumnsWithNamesAndTypes) {
  const auto result =
      query("SELECT case_id, ts, cost, 1.50::DECIMAL(18,2) AS price, payload, tags FROM events LIMIT 1");
  ASSERT_TRUE(result) << result.error().public_message;
  EXPECT_EQ(result->columns, (std::vector<ColumnInfo>{{"case_id", "VARCHAR"},
                                                      {"ts", "TIMESTAMP"},
                                                      {"cost", "DOUBLE"},
                                                      {"price", "DECIMAL(18,2)"},
                                                      {"payload", "JSON"},
                                                      {"tags", "LIST"}}));
  EXPECT_FALSE(result->truncated);
}

TEST_F(UserQuery, NumbersThatJsonCanHoldAreNumbers) {
  EXPECT_EQ(value("true"), Cell(true));
  EXPECT_EQ(value("NULL"), Cell());
  EXPECT_EQ(value("42"), Cell(std::int64_t{42}));
  EXPECT_EQ(value("'-128'::TINYINT"), Cell(std::int64_t{-128}));
  EXPECT_EQ(value("255::UTINYINT"), Cell(std::int64_t{255}));
  EXPECT_EQ(value("65535::USMALLINT"), Cell(std::int64_t{65535}));
  EXPECT_EQ(value("4294967295::UINTEGER"), Cell(std::int64_t{4294967295}));
  EXPECT_EQ(value("9007199254740992"), Cell(std::int64_t{9007199254740992}));
  EXPECT_EQ(value("sum(1)"), Cell(std::int64_t{1}));
  EXPECT_EQ(value("1.5::DOUBLE"), Cell(1.5));
  EXPECT_EQ(value("0.25::FLOAT"), Cell(0.25));
}

TEST_F(UserQuery, NumbersThatJsonCanNotHoldAreText) {
  EXPECT_EQ(text("9007199254740993"), "9007199254740993");
  EXPECT_EQ(text("'-9223372036854775808'::BIGINT"), "-9223372036854775808");
  EXPECT_EQ(text("18446744073709551615::UBIGINT"), "18446744073709551615");
  EXPECT_EQ(text("'-170141183460469231731687303715884105728'::HUGEINT"),
            "-170141183460469231731687303715884105728");
  EXPECT_EQ(text("'340282366920938463463374607431768211455'::UHUGEINT"),
            "340282366920938463463374607431768211455");
  EXPECT_EQ(text("1.50::DECIMAL(4,2)"), "1.50");
  EXPECT_EQ(text("-0.05::DECIMAL(9,2)"), "-0.05");
  EXPECT_EQ(text("'123456789012345.678'::DECIMAL(18,3)"), "123456789012345.678");
  EXPECT_EQ(text("'-12345678901234567890123456789012345.678'::DECIMAL(38,3)"),
            "-12345678901234567890123456789012345.678");
  EXPECT_EQ(text("'nan'::DOUBLE"), "NaN");
  EXPECT_EQ(text("'-inf'::DOUBLE"), "-Infinity");
}

TEST_F(UserQuery, DatesAndTimesAreIso8601) {
  EXPECT_EQ(text("DATE '2024-02-29'"), "2024-02-29");
  EXPECT_EQ(text("DATE 'infinity'"), "infinity");
  EXPECT_EQ(text("TIME '23:59:59'"), "23:59:59");
  EXPECT_EQ(text("TIME '01:02:03.000004'"), "01:02:03.000004");
  EXPECT_EQ(text("TIMESTAMP '2024-01-31 12:00:00'"), "2024-01-31T12:00:00");
  EXPECT_EQ(text("TIMESTAMP '2024-01-31 12:00:00.123456'"), "2024-01-31T12:00:00.123456");
  EXPECT_EQ(text("TIMESTAMP '1969-12-31 23:59:59.5'"), "1969-12-31T23:59:59.500000");
  EXPECT_EQ(text("TIMESTAMP_S '2024-01-31 12:00:00'"), "2024-01-31T12:00:00");
  EXPECT_EQ(text("TIMESTAMP_MS '2024-01-31 12:00:00.123'"), "2024-01-31T12:00:00.123");
  EXPECT_EQ(text("TIMESTAMP_NS '2024-01-31 12:00:00.123456789'"), "2024-01-31T12:00:00.123456789");
  EXPECT_EQ(text("TIMESTAMPTZ '2024-01-31 12:00:00+02'"), "2024-01-31T10:00:00Z");
  EXPECT_EQ(text("TIMESTAMP 'infinity'"), "infinity");
  EXPECT_EQ(text("TIMETZ '12:00:00+02:30'"), "12:00:00+02:30:00");
  EXPECT_EQ(text("INTERVAL '14 months 3 days 4 hours 5.5 seconds'"), "P1Y2M3DT4H5.500000S");
  EXPECT_EQ(text("INTERVAL '0 days'"), "PT0S");
}

TEST_F(UserQuery, OtherTypesAreText) {
  EXPECT_EQ(text("'Ärger'"), "Ärger");
  EXPECT_EQ(text("'\\x00\\xFFabc'::BLOB"), "AP9hYmM=");
  EXPECT_EQ(text("'10101'::BIT"), "10101");
  EXPECT_EQ(text("'123e4567-e89b-12d3-a456-426614174000'::UUID"), "123e4567-e89b-12d3-a456-426614174000");
  EXPECT_EQ(text("'fe'::ENUM('ka', 'fe')"), "fe");
}

TEST_F(UserQuery, NestedTypesAreJson) {
  EXPECT_EQ(text("[1, NULL, 3]"), "[1,null,3]");
  EXPECT_EQ(text("[[1], [], NULL]"), "[[1],[],null]");
  EXPECT_EQ(text("{'a': 1, 'b': {'c': 'x\"y'}}"), R"({"a":1,"b":{"c":"x\"y"}})");
  EXPECT_EQ(text("MAP {'k': 1.5::DOUBLE}"), R"([{"key":"k","value":1.5E0}])");
  EXPECT_EQ(text("[1, 2, 3]::INTEGER[3]"), "[1,2,3]");
  EXPECT_EQ(text("union_value(num := 5)"), "5");
  EXPECT_EQ(text("[DATE '2024-01-01']"), R"(["2024-01-01"])");
  EXPECT_EQ(text("['{\"a\":1}'::JSON]"), R"([{"a":1}])");
  EXPECT_EQ(text("row(1, 'x')"), R"({"v1":1,"v2":"x"})");
}

TEST_F(UserQuery, NestedValuesKeepTheirRowsInLaterChunks) {
  const auto result = query("SELECT i, [i, i + 1], {'v': i}, [i]::BIGINT[1] FROM range(5000) t(i)");
  ASSERT_TRUE(result) << result.error().public_message;
  ASSERT_EQ(result->rows.size(), 5000U);
  EXPECT_EQ(result->rows[4321][1], Cell(std::string("[4321,4322]")));
  EXPECT_EQ(result->rows[4321][2], Cell(std::string("{\"v\":4321}")));
  EXPECT_EQ(result->rows[4321][3], Cell(std::string("[4321]")));
}

TEST_F(UserQuery, StopsAtTheRowLimitAndSaysSo) {
  const auto cut = query("FROM range(1000000000)", 3);
  ASSERT_TRUE(cut) << cut.error().public_message;
  EXPECT_EQ(cut->rows.size(), 3U);
  EXPECT_TRUE(cut->truncated);

  const auto exact = query("FROM range(3)", 3);
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->rows.size(), 3U);
  EXPECT_FALSE(exact->truncated);

  const auto at_chunk_end = query("FROM range(2048)", 2048);
  ASSERT_TRUE(at_chunk_end);
  EXPECT_EQ(at_chunk_end->rows.size(), 2048U);
  EXPECT_FALSE(at_chunk_end->truncated);
}

constexpr const char* kEndless =
    "SELECT sum(a.range * b.range % 7) FROM range(10000000) a, range(10000000) b";

TEST_F(UserQuery, EndsAtItsTimeout) {
  const auto start = std::chrono::steady_clock::now();
  const auto result = query(kEndless, 10, 200ms);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kTimeout);
  EXPECT_EQ(result.error().public_message, "The query took longer than 200 ms.");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST_F(UserQuery, EndsAtItsTimeoutWhileRowsAreFetched) {
  const auto result =
      query("SELECT i FROM range(100000000000) t(i) WHERE i % 1000003 = 0", 1'000'000'000, 300ms);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kTimeout);
}

TEST_F(UserQuery, EndsWhenItIsCanceled) {
  std::stop_source stop;
  std::jthread canceler([&] {
    std::this_thread::sleep_for(150ms);
    stop.request_stop();
  });
  const auto result = query(kEndless, 10, 60s, stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kCanceled);
}

TEST_F(UserQuery, DoesNotStartWhenItIsCanceledAlready) {
  std::stop_source stop;
  stop.request_stop();
  const auto result = query(kEndless, 10, 60s, stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kCanceled);
}

TEST_F(UserQuery, LeavesTheConnectionWithoutATransaction) {
  auto connection = fresh();
  ASSERT_TRUE(all_rows(QueryRun::start(connection, {"FROM events", 1}, {})));
  ASSERT_FALSE(all_rows(QueryRun::start(connection, {kEndless, 1, 50ms}, {})));
  ASSERT_FALSE(QueryRun::start(connection, {"SELECT nothing FROM events", 1}, {}));
  ASSERT_TRUE(try_run(connection, "BEGIN TRANSACTION"));
  EXPECT_TRUE(try_run(connection, "INSERT INTO cases VALUES ('a', 'b')"));
  EXPECT_TRUE(try_run(connection, "COMMIT"));
}

TEST_F(UserQuery, SyntaxErrorsShowWhere) {
  const auto result = query("SELEC 1");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(result.error().public_message.find("syntax error at or near \"SELEC\""), std::string::npos)
      << result.error().public_message;
  EXPECT_NE(result.error().public_message.find("LINE 1: SELEC 1"), std::string::npos)
      << result.error().public_message;
}

TEST_F(UserQuery, AnUnknownColumnComesWithTheEnginesHint) {
  const auto result = query("SELECT activty FROM events");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(result.error().public_message.find("\"activity\""), std::string::npos)
      << result.error().public_message;
}

TEST_F(UserQuery, ErrorsInTheMiddleOfTheResultAreNotItsEnd) {
  const auto result =
      query("SELECT CASE WHEN i = 90000 THEN CAST('x' || i AS INTEGER) ELSE 1 END FROM range(100000) t(i)",
            1'000'000);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(result.error().public_message.find("x90000"), std::string::npos) << result.error().public_message;
}

TEST_F(UserQuery, SortsMoreThanItsMemoryHolds) {
  const auto result =
      query("SELECT i, md5(i::VARCHAR) AS h, h || h || h || h FROM range(2500000) t(i) ORDER BY h DESC", 2);
  ASSERT_TRUE(result) << result.error().public_message << result.error().internal_detail;
  EXPECT_EQ(result->rows.size(), 2U);
}

TEST_F(UserQuery, SaysWhenItNeedsMoreMemoryThanThereIs) {
  const auto result = query("SELECT len(list(i)) FROM range(1000000000) t(i)");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(result.error().public_message.find("memory"), std::string::npos) << result.error().public_message;
  EXPECT_TRUE(query("SELECT count(*) FROM events"));
}

TEST_F(UserQuery, TypesThatCanNotBeReturnedAreNamed) {
  const auto result = query("SELECT 1::BIGNUM AS wide");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().public_message,
            "The column \"wide\" is of a type that can't be returned; cast it to VARCHAR.");
  EXPECT_FALSE(query("SELECT 1::VARIANT AS v"));
}

TEST_F(UserQuery, ExplainShowsThePlan) {
  const auto result = query("EXPLAIN SELECT count(*) FROM events");
  ASSERT_TRUE(result) << result.error().public_message;
  EXPECT_EQ(result->columns.at(0).name, "explain_key");
}

TEST_F(UserQuery, ShowTablesListsNothingOfOurs) {
  const auto result = query("show tables;");
  ASSERT_TRUE(result) << result.error().public_message;
  std::vector<std::string> names;
  for (const auto& row : result->rows) names.push_back(std::get<std::string>(row.at(0)));
  EXPECT_EQ(names, (std::vector<std::string>{"../odd \"name\".csv", "Größe Ü", "cases", "events", "good_view",
                                             "v AS x"}));
}

TEST_F(UserQuery, DescribeAndSummarizeTellOfATable) {
  const auto described = query("DESCRIBE events");
  ASSERT_TRUE(described) << described.error().public_message;
  EXPECT_EQ(described->rows.size(), 7U);
  const auto summarized = query("SUMMARIZE cases");
  ASSERT_TRUE(summarized) << summarized.error().public_message;
  EXPECT_EQ(summarized->rows.size(), 2U);
}

TEST(EngineMessage, HidesPathsButNotTheUsersText) {
  EXPECT_EQ(clean_engine_message("Cannot open file \"/srv/adit/pool.db\": nope"),
            "Cannot open file \"<path>\": nope");
  EXPECT_EQ(clean_engine_message("in /srv/x.tmp, at a / b"), "in <path>, at a / b");
  EXPECT_EQ(clean_engine_message("bad\n\nLINE 1: SELECT '/etc/x'"), "bad\n\nLINE 1: SELECT '/etc/x'");
}

}  // namespace
}  // namespace adit
