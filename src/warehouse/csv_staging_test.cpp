// What becomes of CSV files: small files in, columns and rows out.
#include <gmock/gmock.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <random>

#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using Lines = std::vector<std::string>;
using testing::HasSubstr;

struct CsvCase {
  std::string name;
  std::string content;
  std::string columns;
  Lines rows;
};

class CsvStaging : public WarehouseTest {
 protected:
  void expect(const CsvCase& expected) {
    SCOPED_TRACE(expected.name);
    job("t").csv(expected.content).land();
    EXPECT_EQ(columns("t"), expected.columns);
    EXPECT_EQ(rows("SELECT * EXCLUDE (_CELONIS_CHANGE_DATE) FROM t ORDER BY ALL"), expected.rows);
  }
};

TEST_F(CsvStaging, ValuesKeepTheirMeaningAndTheirText) {
  const std::vector<CsvCase> cases{
      {"leading zeros", "a\n00012\n13\n", "a VARCHAR", {"00012", "13"}},
      {"trailing zeros of a number", "a\n1.50\n2\n", "a DOUBLE", {"1.5", "2.0"}},
      {"twenty digits", "a\n12345678901234567890\n1\n", "a VARCHAR", {"1", "12345678901234567890"}},
      {"digits that no double is printed with",
       "a\n0.12345678901234567\n",
       "a VARCHAR",
       {"0.12345678901234567"}},
      {"digits that a double is printed with", "a\n0.30000000000000004\n", "a DOUBLE", {"0.3"}},
      {"the same in tens", "a\n1.2345678901234567E9\n", "a DOUBLE", {"1234567890.123457"}},
      {"zeros behind a fraction", "a\n1.5000000000000000000\n", "a DOUBLE", {"1.5"}},
      {"an id with a point", "a\n12345678901234567.0\n", "a VARCHAR", {"12345678901234567.0"}},
      {"an id of zeros", "a\n100000000000000000000\n", "a VARCHAR", {"100000000000000000000"}},
      {"beyond the doubles", "a\n1e400\n", "a VARCHAR", {"1e400"}},
      {"between zero and the doubles", "a\n1e-400\n", "a VARCHAR", {"1e-400"}},
      {"between the least doubles", "a\n1.2e-323\n", "a VARCHAR", {"1.2e-323"}},
      {"integers of eighteen digits", "a\n123456789012345678\n", "a BIGINT", {"123456789012345678"}},
      {"the least integer and a fraction",
       "a\n-9223372036854775808\n1.5\n",
       "a VARCHAR",
       {"-9223372036854775808", "1.5"}},
      {"the greatest integer and a fraction",
       "a\n9223372036854775807\n1.5\n",
       "a VARCHAR",
       {"1.5", "9223372036854775807"}},
      {"codes that look like tens", "a\n2E05\n7e10\n", "a VARCHAR", {"2E05", "7e10"}},
      {"tens as programs print them",
       "a\n1e+16\n1e-05\n1.5E3\n",
       "a DOUBLE",
       {"0.00001", "1500.0", "10000000000000000.0"}},
      {"minus zero", "a\n-0\n", "a VARCHAR", {"-0"}},
      {"plus", "a\n+5\n", "a VARCHAR", {"+5"}},
      {"a space", "a\n 5\n", "a VARCHAR", {" 5"}},
      {"booleans", "a\ntrue\nFALSE\n", "a BOOLEAN", {"false", "true"}},
      {"yes and no are text", "a\nyes\nno\n", "a VARCHAR", {"no", "yes"}},
      {"a date that is none", "a\n2024-02-30\n", "a VARCHAR", {"2024-02-30"}},
      {"dates and moments",
       "a\n2024-01-02\n2024-01-02T03:04:05Z\n",
       "a TIMESTAMP",
       {"2024-01-02T00:00:00", "2024-01-02T03:04:05"}},
      {"zones",
       "a\n2024-01-02T03:04:05+02:00\n2024-01-02 03:04:05-01\n",
       "a TIMESTAMP",
       {"2024-01-02T01:04:05", "2024-01-02T04:04:05"}},
      {"zones that there are none of",
       "a\n2024-01-02T03:04:05+99\n2024-01-02T03:04:05+16:00\n2024-01-02T03:04:05-01:60\n",
       "a VARCHAR",
       {"2024-01-02T03:04:05+16:00", "2024-01-02T03:04:05+99", "2024-01-02T03:04:05-01:60"}},
      {"nanoseconds stay text",
       "a\n2024-01-02 03:04:05.123456789\n",
       "a VARCHAR",
       {"2024-01-02 03:04:05.123456789"}},
      {"quoted empty is a text", "a,b\n1,\"\"\n2,\n", "a BIGINT, b VARCHAR", {"1|''", "2|NULL"}},
      {"no value at all", "a,b\n1,\n", "a BIGINT, b VARCHAR", {"1|NULL"}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a,b\n1,2\n",
       "a BIGINT, b BIGINT",
       {"1|2"}},
      {"CRLF", "a,b\r\n1,x\r\n2,y\r\n", "a BIGINT, b VARCHAR", {"1|x", "2|y"}},
      {"LF after CRLF", "a,b\r\n1,x\n2,y\n", "a BIGINT, b VARCHAR", {"1|x", "2|y"}},
      {"CRLF after LF", "a,b\n1,\"x\"\r\n2,y\n3,z\r\n", "a BIGINT, b VARCHAR", {"1|x", "2|y", "3|z"}},
      {"mixed line ends in values and rows",
       "a,b\r\n1,\"x\ny\"\r\n2,\"y\r\nz\"\n",
       "a BIGINT, b VARCHAR",
       {"1|x\ny", "2|y\r\nz"}},
      {"mixed line ends of one column", "a\r\n1\n2\r\n\"\"\n", "a VARCHAR", {"''", "1", "2"}},
      {"CR alone", "a,b\r1,x\r2,y\r", "a BIGINT, b VARCHAR", {"1|x", "2|y"}},
      {"no end of the last line", "a,b\n1,x\n2,y", "a BIGINT, b VARCHAR", {"1|x", "2|y"}},
      {"semicolons", "a;b\n1;1,5\n", "a BIGINT, b VARCHAR", {"1|1,5"}},
      {"tabs", "a\tb\n1\tx, y\n", "a BIGINT, b VARCHAR", {"1|x, y"}},
      {"bars", "a|b\n1|x\n", "a BIGINT, b VARCHAR", {"1|x"}},
      {"tabs beside as many commas",
       "id\tcity, country\n1\tParis, France\n2\tRome, Italy\n",
       "id BIGINT, city, country VARCHAR",
       {"1|Paris, France", "2|Rome, Italy"}},
      {"semicolons beside as many commas",
       "name;price, EUR\nx;1,5\ny;2,5\n",
       "name VARCHAR, price, EUR VARCHAR",
       {"x|1,5", "y|2,5"}},
      {"quotes", "a,b\n1,\"x \"\"y\"\", z\"\n", "a BIGINT, b VARCHAR", {"1|x \"y\", z"}},
      {"a line's end in a value", "a,b\n1,\"x\ny\"\n", "a BIGINT, b VARCHAR", {"1|x\ny"}},
      {"quoted numbers are numbers", "a\n\"1\"\n\"2\"\n", "a BIGINT", {"1", "2"}},
      {"a header alone", "a,b\n", "a VARCHAR, b VARCHAR", {}},
      {"a header without a line's end", "a,b", "a VARCHAR, b VARCHAR", {}},
      {"names with anything in them",
       "\"a \"\"b\"\"\",ü,select\n1,2,3\n",
       "a \"b\" BIGINT, ü BIGINT, select BIGINT",
       {"1|2|3"}},
  };
  for (const auto& one : cases) expect(one);
}

TEST_F(CsvStaging, SeparatorThatMayBeAnotherOneIsAskedFor) {
  auto pushed = job("t").csv("id,a;b\n1,x;y\n2,p;q\n");
  EXPECT_THAT(pushed.first_error(), HasSubstr("it may be the comma or the semicolon."));
  const auto inspected =
      warehouse_->inspect(pushed.plan().stage, ChunkOperation::kUpsert, pushed.plan().chunks[0].path);
  ASSERT_FALSE(inspected);
  EXPECT_EQ(inspected.error().kind, ErrorKind::kInvalid);
  pushed.spec().csv.separator = ",";
  pushed.land();
  EXPECT_EQ(columns("t"), "id BIGINT, a;b VARCHAR");
}

TEST_F(CsvStaging, DialectOfTheOptionsIsUsed) {
  auto pushed = job("t");
  pushed.spec().csv = {.separator = "||", .quote = "'", .escape = "\\"};
  pushed.csv("a||b\n1||'x\\'y'\n").land();
  EXPECT_EQ(rows("SELECT a, b FROM t"), (Lines{"1|x'y"}));
}

TEST_F(CsvStaging, DoublesAsProgramsPrintThemComeBackToTheBit) {
  std::mt19937_64 random(7);
  std::vector<double> values{
      0.1 + 0.2, 5e-324, 1e300, -1.7976931348623157e308, 2.2250738585072014e-308, 1e23, 9007199254740992.0};
  while (values.size() < 3000) {
    const auto value = std::bit_cast<double>(random());
    const auto fraction = std::ldexp(static_cast<double>(random() >> 11), -50);
    if (std::isfinite(value)) values.push_back(values.size() % 2 == 0 ? value : fraction);
  }
  std::string content = "i,a\n";
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::array<char, 32> text{};
    const bool plain = i % 3 != 0 && std::abs(values[i]) > 1e-3 && std::abs(values[i]) < 1e15;
    const auto end = std::to_chars(text.begin(), text.end(), values[i],
                                   plain ? std::chars_format::fixed : std::chars_format::scientific);
    content += std::to_string(i) + "," + std::string(text.data(), end.ptr) + "\n";
  }
  job("t", JobType::kDelta).csv("i,a\n-1,1.5\n").land();
  job("t", JobType::kDelta).csv(content).land();
  EXPECT_EQ(columns("t"), "i BIGINT, a DOUBLE");
  const auto result = all_rows(*warehouse_, pool_, {.sql = "SELECT a FROM t WHERE i >= 0 ORDER BY i"});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->rows.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(std::get<double>(result->rows[i][0]), values[i]);
}

TEST_F(CsvStaging, LateContradictionKeepsTheTextOfAllRows) {
  std::string content = "a,b\n";
  for (int i = 0; i < 50'000; ++i) content += std::to_string(i) + ",1.50\n";
  content += "00012,abc\n";
  job("t").csv(content).land();
  EXPECT_EQ(columns("t"), "a VARCHAR, b VARCHAR");
  EXPECT_EQ(rows("SELECT count(*) FROM t WHERE b = '1.50'"), (Lines{"50000"}));
  EXPECT_EQ(rows("SELECT a FROM t WHERE b = 'abc'"), (Lines{"00012"}));
}

TEST_F(CsvStaging, ChunksThatDisagreeAreReconciledFromTheirFiles) {
  job("t")
      .csv("a,b,c\n1,1.50,2024-01-01\n")
      .csv("a,b,c\n2.5,x,2024-01-01 10:00:00\n")
      .csv("a,b,c\n,,\n")
      .land();
  EXPECT_EQ(columns("t"), "a DOUBLE, b VARCHAR, c TIMESTAMP");
  EXPECT_EQ(rows("SELECT a, b, c FROM t ORDER BY a"),
            (Lines{"1.0|1.50|2024-01-01T00:00:00", "2.5|x|2024-01-01T10:00:00", "NULL|NULL|NULL"}));
}

TEST_F(CsvStaging, EmptyColumnTakesTheTypeOfALaterChunk) {
  job("t").csv("a,b\n1,\n").csv("a,b\n2,7\n").land();
  EXPECT_EQ(columns("t"), "a BIGINT, b BIGINT");
  EXPECT_EQ(rows("SELECT a, b FROM t ORDER BY a"), (Lines{"1|NULL", "2|7"}));
}

TEST_F(CsvStaging, LargeIntegersBesideFractionsBecomeDecimal) {
  job("t").csv("a\n12345678901234567\n").csv("a\n1.5\n").land();
  EXPECT_EQ(columns("t"), "a DECIMAL(38,9)");
  EXPECT_EQ(rows("SELECT a FROM t"), (Lines{"12345678901234567.000000000", "1.500000000"}));
}

TEST_F(CsvStaging, DeclaredTypesWin) {
  auto pushed = job("t");
  pushed.declare({{"a", ColumnType::kInteger, {}, {}, false},
                  {"b", ColumnType::kString, {}, {}, false},
                  {"c", ColumnType::kFloat, {}, {}, false},
                  {"d", ColumnType::kTime, {}, {}, false},
                  {"missing", ColumnType::kDate, {}, {}, false}});
  pushed.csv("b,a,c,d,more\n007,007,1,10:11:12,x\n").land();
  EXPECT_EQ(columns("t"), "a BIGINT, b VARCHAR, c DOUBLE, d TIME, missing DATE, more VARCHAR");
  EXPECT_EQ(rows("SELECT a, b, c, d, missing, more FROM t"), (Lines{"7|007|1.0|10:11:12|NULL|x"}));
}

TEST_F(CsvStaging, DeclaredTypeRefusesWhatIsNotExact) {
  const std::vector<std::pair<ColumnType, std::string>> cases{{ColumnType::kInteger, "1.6"},
                                                              {ColumnType::kInteger, "9223372036854775808"},
                                                              {ColumnType::kInteger, "x"},
                                                              {ColumnType::kDate, "2024-01-01 10:00:00"},
                                                              {ColumnType::kDateTime, "2024-13-01 10:00:00"},
                                                              {ColumnType::kFloat, "9007199254740993"},
                                                              {ColumnType::kFloat, "9223372036854775807"},
                                                              {ColumnType::kFloat, "-9223372036854775808"},
                                                              {ColumnType::kFloat, "9007199254740993.0"},
                                                              {ColumnType::kFloat, "90071992547409.93"},
                                                              {ColumnType::kFloat, "12345678901234567."},
                                                              {ColumnType::kFloat, "1e-400"},
                                                              {ColumnType::kFloat, "1.23456e-320"},
                                                              {ColumnType::kFloat, "1,5"},
                                                              {ColumnType::kBoolean, "2"},
                                                              {ColumnType::kTime, "25:00:00"}};
  for (const auto& [type, value] : cases) {
    SCOPED_TRACE(value);
    auto pushed = job("t");
    pushed.declare({{"a", type, {}, {}, false}});
    const auto errors = pushed.csv("b,a\n1,\n2,\"" + value + "\"\n").errors();
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].row, 2U);
    EXPECT_EQ(errors[0].line, 3U);
    EXPECT_EQ(errors[0].column, "a");
    EXPECT_EQ(errors[0].value, value);
    EXPECT_THAT(errors[0].message, HasSubstr(std::string(to_string(type))));
  }
}

TEST_F(CsvStaging, DeclaredFloatsMayHaveAsManyDigitsAsProgramsPrint) {
  Lines texts{"0.10000000000000001",
              "00012.50",
              "+.5",
              "5.",
              "1e5",
              "0e-400",
              "-0.0e+9",
              "5e-324",
              "1E300",
              "4.9406564584124654e-324",
              "3.0000000000000004e-01",
              "10000000000000000000000.000000"};
  std::mt19937_64 random(11);
  for (const auto* format : {"%.15g", "%.16g", "%.17g", "%.15e", "%.16E", "%#.17g"}) {
    for (int i = 0; i < 300;) {
      const auto value = std::bit_cast<double>(random());
      if (!std::isfinite(value)) continue;
      std::array<char, 64> text{};
      std::snprintf(text.data(), text.size(), format,
                    i % 2 == 0 ? value : std::ldexp(value, -std::ilogb(value)));
      ++i;
      // As an integer, a large one is refused.
      if (std::string_view(text.data()).find_first_of(".eE") != std::string_view::npos)
        texts.emplace_back(text.data());
    }
  }
  std::string content = "i,a\n";
  for (std::size_t i = 0; i < texts.size(); ++i) content += std::to_string(i) + "," + texts[i] + "\n";
  auto pushed = job("t");
  pushed.declare({{"a", ColumnType::kFloat, {}, {}, false}}).csv(content).land();
  const auto result = all_rows(*warehouse_, pool_, {.sql = "SELECT a FROM t ORDER BY i"});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->rows.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(std::get<double>(result->rows[i][0]), std::strtod(texts[i].c_str(), nullptr)) << texts[i];
}

TEST_F(CsvStaging, MalformedRowsAreNamed) {
  struct Case {
    std::string content;
    std::uint64_t line;
    std::uint64_t byte;
    std::string words;
  };
  const std::vector<Case> cases{
      {"a,b\n1,2\n3\n", 3, 8, "1 value, the header has 2"},
      {"a,b\n1,2\n3,4,5\n", 3, 8, "3 values, the header has 2"},
      {"a,b\n1,2,\n3,4,,5,\n", 3, 9, "4 values, the header has 2"},
      {"a,b\n1,2,\n3,4,\"\"\n", 3, 9, "3 values, the header has 2"},
      {"a,b\n1,2\n3,\"x\n4,5\n", 3, 8, "does not end"},
      {"a,b\n1,2\n3,\"x\"y\n", 3, 8, "follows a closing quote"},
      {"a,b\n1,2\n3,\xE4\n", 3, 8, "UTF-8"},
      {"a,b\n1,2\n3,4\r5,6\n", 3, 8, "ends with CR, the lines before it with LF"},
      {"a,b\r\n1,2\r\n3,4\r5,6\r\n", 3, 10, "ends with CR, the lines before it with CRLF"},
      {"a\r\n1\r\n2\n\n5\r\n", 3, 6, "ends with LF, the lines before it with CRLF"},
      {"a,b\r\n1,2\n3\r\n", 3, 9, "1 value, the header has 2"},
      {"a,b\r\n1,2\n3,\"x\n", 3, 9, "does not end"},
      {"a,b\r\n1,2\n3,\"x\"y\n", 3, 9, "follows a closing quote"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.content);
    const auto errors = job("t").csv(one.content).errors();
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].line, one.line);
    EXPECT_EQ(errors[0].byte, one.byte);
    EXPECT_EQ(errors[0].row, 2U);
    EXPECT_THAT(errors[0].message, HasSubstr(one.words));
  }
  EXPECT_TRUE(warehouse_->tables(pool_)->empty());
}

TEST_F(CsvStaging, SeparatorsBehindTheLastColumnAreNoValuesInSmallFilesAndLarge) {
  for (const int more : {0, 30'000}) {
    std::string content = "a,b\n1,2,\n3,4,,\n";
    for (int i = 0; i < more; ++i) content += "5,sixsixsixsixsixsixsixsixsixsixsixsixsixsix,\n";
    job("t").csv(content).land();
    EXPECT_EQ(rows("SELECT count(*) FROM t"), Lines{std::to_string(more + 2)});
    EXPECT_EQ(rows("SELECT b FROM t WHERE a = 3"), Lines{"4"});
  }
}

TEST_F(CsvStaging, RowsAreReadUpToSixteenMebibytes) {
  const std::size_t most = 16 << 20;
  const auto file = [](std::size_t row) { return "a,b\n0,x\n1," + std::string(row - 2, 'y') + "\n2,z\n"; };
  job("t").csv(file(2'100'000)).csv(file(most)).land();
  EXPECT_EQ(rows("SELECT a, length(b) FROM t WHERE a = 1 ORDER BY length(b)"),
            (Lines{"1|2099998", "1|16777214"}));

  const auto errors = job("t").csv(file(most + 100)).errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].line, 3U);
  EXPECT_THAT(errors[0].message, HasSubstr("has 16777316 bytes, and at most 16777216 are read. Shorten"));
}

TEST_F(CsvStaging, MixedLineEndsOfALargeFileAreRead) {
  std::string content = "a,b\r\n";
  for (int i = 0; i < 100'000; ++i)
    content += std::to_string(i) + ",\"x\ny, \"\"z\"\"\"" + (i % 7 == 0 ? "\r\n" : "\n");
  job("t").csv(content).land();
  EXPECT_EQ(rows("SELECT count(*), sum(a), min(b), max(b) FROM t"),
            (Lines{"100000|4999950000|x\ny, \"z\"|x\ny, \"z\""}));

  content += "00012,y\n";  // the column's type changes, and the file is read again
  job("t").csv(content).land();
  EXPECT_EQ(columns("t"), "a VARCHAR, b VARCHAR");
  EXPECT_EQ(rows("SELECT a FROM t WHERE b = 'y'"), (Lines{"00012"}));

  const auto errors = job("t").csv(content + "1\n").errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].line, 200'003U);
}

TEST_F(CsvStaging, EscapesOutsideOfQuotesAreNotReadWithMixedLineEnds) {
  auto pushed = job("t");
  pushed.spec().csv = {.separator = ",", .quote = "\"", .escape = "\\"};
  const auto errors = pushed.csv("a,b\n1,\\\n2,x\r\n").errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].line, 3U);
  EXPECT_THAT(errors[0].message, HasSubstr("ends with CRLF, the lines before it with LF"));
}

TEST_F(CsvStaging, DamageBehindAValueThatDoesNotFitIsNamed) {
  std::string content = "a,b\n";
  for (int i = 0; i < 100'000; ++i) content += std::to_string(i) + (i == 50'000 ? "x,1\n" : ",1\n");
  const auto errors = job("t").csv(content + "1\n").errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].line, 100'002U);
}

TEST_F(CsvStaging, AtMostAHundredErrorsAreReported) {
  std::string content = "a,b\n";
  for (int i = 0; i < 500; ++i) content += "1\n";
  EXPECT_EQ(job("t").csv(content).errors().size(), 100U);
}

TEST_F(CsvStaging, ChangeDateOfTheFileGivesWayToTheJobs) {
  job("t").csv("a,_celonis_change_date\n1,1999-01-01\n").land();
  EXPECT_EQ(columns("t"), "a BIGINT");
  EXPECT_EQ(rows("SELECT _CELONIS_CHANGE_DATE FROM t"), (Lines{"2020-09-13T12:26:40"}));
}

}  // namespace
}  // namespace adit
