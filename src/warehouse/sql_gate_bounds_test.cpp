// What a statement that passes may cost, and what odd texts do.
#include <algorithm>
#include <iostream>
#include <random>

#include "warehouse/duckdb/engine_message.h"
#include "warehouse/duckdb/sql_functions.h"
#include "warehouse/sql_gate_fixture.h"

namespace adit {
namespace {

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST_F(SqlGate, DeepNestingIsAnErrorAndNoCrash) {
  struct Nested {
    std::string open, middle, close;
  };
  const Nested kinds[] = {
      {"(", "1", ")"},
      {"[", "1", "]"},
      {"- ", "1", ""},
      {"NOT ", "true", ""},
      {"(SELECT ", "1", ")"},
      {"abs(", "1", ")"},
      {"{'a':", "1", "}"},
      {"1+", "1", ""},
      {"'a'||", "'a'", ""},
      {"CASE WHEN true THEN ", "1", " END"},
      {"1=(", "1", ")"},
      {"", "1", "::INT"},
      {"", "[1]", "[1]"},
      {"list_transform([1], lambda x: ", "[1]", ")"},
      {"1 IN (SELECT ", "1", ")"},
  };
  for (const auto& [open, middle, close] : kinds) {
    for (const int depth : {30, 450, 3000, 10000}) {
      const auto sql = "SELECT " + repeated(open, depth) + middle + repeated(close, depth);
      const auto reason = refusal(sql);
      // Parentheses alone leave no trace in the tree.
      if (depth == 10000) {
        EXPECT_NE(reason, "") << sql.substr(0, 50);
      }
    }
  }
  EXPECT_NE(refusal("SELECT * FROM " + repeated("(SELECT * FROM ", 3000) + "events" + repeated(")", 3000)),
            "");
  EXPECT_NE(refusal("SELECT 1" + repeated(" UNION ALL SELECT 1", 4000)), "");
  EXPECT_NE(refusal("SELECT 1 FROM events" + repeated(" JOIN events USING (ts)", 4000)), "");
  EXPECT_NE(refusal("SELECT " + repeated("(SELECT ", 13) + "1" + repeated(")", 13)), "");
}

TEST_F(SqlGate, SmallTextsThatMakeHugePlansAreRefused) {
  std::string ctes = "WITH a0 AS (SELECT 1)";
  std::string aliases = "SELECT 1 AS a0";
  for (int i = 0; i < 24; ++i) {
    const auto last = std::to_string(i);
    const auto next = std::to_string(i + 1);
    ctes += ", a" + next + " AS (SELECT * FROM a" + last + " x, a" + last + " y)";
    aliases += ", a" + last + " + a" + last + " AS a" + next;
  }
  expect_refused(ctes + " SELECT count(*) FROM a24");
  expect_refused(aliases);
  make("CREATE VIEW v0 AS SELECT * FROM cases a, cases b");
  for (int i = 0; i < 12; ++i) {
    make("CREATE VIEW v" + std::to_string(i + 1) + " AS SELECT 1 FROM v" + std::to_string(i) + " a, v" +
         std::to_string(i) + " b");
  }
  expect_runs("SELECT count(*) FROM v2");
  expect_refused("SELECT count(*) FROM v12");
}

TEST_F(SqlGate, TextsThatTheParserWouldMultiplyAreRefused) {
  const std::string when = " WHEN 1 THEN 1 WHEN 2 THEN 2 END";
  for (const int depth : {16, 20, 100, 1000}) {
    const auto bomb = "SELECT " + repeated("CASE (", depth) + "1" + repeated(")" + when, depth);
    EXPECT_NE(refusal(bomb).find("CASE"), std::string::npos) << depth;
  }
  // Words in strings, names and comments do not end a CASE.
  for (const std::string trick :
       {"/* end end */", "'end'", "\"end\"", "-- end end\n", "$$ end $$", "$a$ end $a$", "E'\\' end '",
        "x.end", "/* /* */ end */", "(SELECT 1 AS end)"}) {
    std::string bomb = "SELECT " + repeated("CASE (1, ", 20) + "1" + repeated(", " + trick + ")" + when, 20);
    EXPECT_NE(refusal(bomb).find("CASE"), std::string::npos) << trick;
  }
  expect_refused("SELECT CASE (" + repeated("1+", 300) + "1)" + repeated(" WHEN 1 THEN 1", 5000) + " END");
  expect_refused("SELECT 1" + repeated(", sum(1) OVER w", 3000) + " WINDOW w AS (ORDER BY " +
                 repeated("1+", 500) + "1)");
  expect_runs("SELECT CASE activity" + repeated(" WHEN 'a' THEN 1", 1000) + " END FROM events");
  expect_runs("SELECT 1" +
              repeated(", CASE activity WHEN 'a' THEN 1 ELSE CASE cost WHEN 2 THEN 3 END END", 100) +
              " FROM events");
}

TEST_F(SqlGate, MacrosThatCopyTheirArgumentsAreKnownAndBounded) {
  const auto copying = list(
      "SELECT DISTINCT name FROM (SELECT lower(function_name) AS name, macro_definition AS body, "
      "unnest(parameters) AS p "
      "FROM duckdb_functions() WHERE function_type = 'macro') WHERE len(regexp_extract_all(body, '\\b' || p "
      "|| '\\b')) > 1");
  std::size_t known = 0;
  for (const auto& name : copying) known += copies_arguments(name) ? 1 : 0;
  for (const auto* name : {"nullif", "round_even", "split_part"})
    EXPECT_TRUE(std::ranges::count(copying, name)) << name;
  for (const auto& name : copying) {
    EXPECT_TRUE(copies_arguments(name) || !is_allowed_function(name)) << name;
  }
  EXPECT_GT(known, 5U);
  expect_runs(
      "SELECT nullif(nullif(nullif(activity, 'a'), 'b'), 'c'), round_even(round_even(cost, 2), 1) FROM "
      "events");
  expect_refused("SELECT " + repeated("round_even(", 12) + "1.5" + repeated(", 1)", 12));
  expect_refused("SELECT payload" + repeated("->'a'", 20) + " FROM events");
}

TEST_F(SqlGate, OddTextsAreErrors) {
  EXPECT_NE(refusal(std::string("SELECT 1\0; DROP TABLE cases", 27)).find("NUL"), std::string::npos);
  EXPECT_NE(refusal("SELECT '\xff\xfe'").find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal("SELECT '" + std::string(100'000, 'x') + "'").find("longer than"), std::string::npos);
  expect_refused("SELECT 1e400");
  expect_refused("SELECT '");
  expect_refused("SELECT \"");
  expect_refused("SELECT /* ");
  expect_runs("SELECT 1 IN (1" + repeated(",1", 15'000) + ")");
}

TEST_F(SqlGate, MutatedQueriesAreRefusedOrHarmless) {
  std::mt19937 random(20240131);
  const auto& queries = kAnalystsQueries;
  const std::string splices[] = {"'/etc/passwd'",
                                 "(",
                                 ")",
                                 ";",
                                 "adit.marks",
                                 "current_setting('x')",
                                 " FROM ",
                                 "SELECT ",
                                 "\"",
                                 "'",
                                 "--",
                                 "/*",
                                 "?",
                                 "__adit_stage_1",
                                 "duckdb_settings()",
                                 ",",
                                 "WITH a AS (",
                                 "::",
                                 "[",
                                 "\xc3\xa4"};
  std::size_t passed = 0;
  for (int round = 0; round < 2000; ++round) {
    auto sql = queries[random() % queries.size()];
    for (auto edits = 1 + random() % 3; edits > 0; --edits) {
      const auto at = random() % (sql.size() + 1);
      switch (random() % 4) {
        case 0:
          sql.insert(at, splices[random() % std::size(splices)]);
          break;
        case 1:
          sql.erase(at, random() % 8);
          break;
        case 2: {
          const auto& other = queries[random() % queries.size()];
          sql.insert(at, other.substr(random() % other.size(), random() % 30));
          break;
        }
        default:
          std::ranges::reverse(sql.begin() + static_cast<std::ptrdiff_t>(at), sql.end());
          break;
      }
    }
    const auto gated = gate_query(connection_, sql);
    if (!gated) {
      EXPECT_EQ(gated.error().kind, ErrorKind::kInvalid) << sql << ": " << gated.error().internal_detail;
      continue;
    }
    ++passed;
    const auto prepared = Statement::prepare(connection_, gated->sql);
    if (!prepared) continue;
    const auto kind = duckdb_prepared_statement_type(prepared->get());
    EXPECT_TRUE(kind == DUCKDB_STATEMENT_TYPE_SELECT || kind == DUCKDB_STATEMENT_TYPE_EXPLAIN) << sql;
  }
  std::cout << passed << " of 2000 mutated queries let through\n";
  EXPECT_GT(passed, 50U);
  EXPECT_TRUE(try_run(connection_, "SELECT count(*) FROM events"));
}
}  // namespace
}  // namespace adit
