// `adit push` against a real server: files, pieces, errors, what it prints.
#include <fstream>

#include "support/command_line.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class CliPush : public ServerTest {
 protected:
  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  CommandEnd push(std::vector<std::string> words, std::optional<std::string> input = std::nullopt) {
    words.insert(words.begin(), "push");
    words.insert(words.end(), {"--pool", pool().pool()});
    return call(server(), words, std::move(input));
  }
  /// Pushes with --json and demands DONE.
  json::object push_done(std::vector<std::string> words, std::optional<std::string> input = std::nullopt) {
    words.insert(words.end(), {"--json", "--table", "t"});
    const auto end = push(std::move(words), std::move(input));
    EXPECT_EQ(end.status, ExitStatus::exited(0)) << end.err;
    const auto result = json::parse(end.out);
    EXPECT_EQ(field(result, "status"), "DONE") << end.out;
    return result.as_object();
  }

  TempFolder folder_;
};

TEST_F(CliPush, FilesAndPatternsLandInTheirOrder) {
  const auto last = file("1.csv", "id,v\n1,last\n");
  file("b-1.csv", "id,v\n1,first\n2,first\n");
  file("b-2.csv", "id,v\n2,second\n3,second\n");
  const auto result =
      push_done({(folder_.path() / "b-*.csv").string(), last, "--type", "DELTA", "--keys", "id"});
  EXPECT_EQ(result.at("chunks"), 3);
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"),
            (Rows{{"1", "last"}, {"2", "second"}, {"3", "second"}}));
}

TEST_F(CliPush, GoesIntoADataConnectionThatItMayMake) {
  const auto orders = file("o.csv", "id\n1\n2\n");
  const auto none = push({orders, "--type", "REPLACE", "--table", "t", "--connection", "ERP"});
  EXPECT_EQ(none.status, ExitStatus::exited(1));
  EXPECT_NE(none.err.find("no data connection named `ERP`"), std::string::npos) << none.err;
  EXPECT_NE(none.err.find("--create-connection"), std::string::npos) << none.err;
  push_done({orders, "--type", "REPLACE", "--connection", "ERP", "--create-connection"});
  push_done({orders, "--type", "DELTA", "--connection", "erp", "--create-connection"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM ERP.t"), "4");
  EXPECT_EQ(push({orders, "--type", "DELTA", "--table", "t", "--create-connection"}).status,
            ExitStatus::exited(2));
}

TEST_F(CliPush, StandardInputIsAFileOfEitherType) {
  push_done({"-", "--type", "REPLACE"}, "id,v\n1,csv\n");
  EXPECT_EQ(pool().rows("SELECT id, v FROM t"), (Rows{{"1", "csv"}}));
  push_done({"-", "--type", "REPLACE"}, parquet_of("SELECT 2 AS id, 'parquet' AS v"));
  EXPECT_EQ(pool().rows("SELECT id, v FROM t"), (Rows{{"2", "parquet"}}));
}

TEST_F(CliPush, ALargeCsvIsCutBetweenRecordsAndLandsWholeAndInOrder) {
  std::string csv = "id;text;n\n";
  for (int i = 0; i < 20'000; ++i)
    csv += std::to_string(i % 15'000) + ";\"line\n\"\"" + std::to_string(i) + "\"\"; é\";" +
           std::to_string(i) + "\n";
  const auto path = file("big.csv", csv);
  const auto result = push_done({path, "--type", "DELTA", "--keys", "id", "--chunk-bytes-max", "50kB"});
  EXPECT_GT(result.at("chunks").as_int64(), 10);
  EXPECT_EQ(result.at("bytes"), static_cast<std::int64_t>(csv.size()));
  EXPECT_EQ(pool().rows("SELECT count(*), sum(n), count(DISTINCT text) FROM t"),
            (Rows{{"15000", std::to_string([] {
                     long sum = 0;
                     for (long i = 5'000; i < 20'000; ++i) sum += i;
                     return sum;
                   }()),
                   "15000"}}))
      << "the later row of a key wins, across pieces";
  EXPECT_EQ(pool().value("SELECT text FROM t WHERE id = 7"), "line\n\"15007\"; é");
}

TEST_F(CliPush, ALargeParquetFileIsCutAtItsRowGroupsAndNothingIsLost) {
  const std::string select =
      "SELECT range AS id, CASE WHEN range % 7 = 0 THEN NULL ELSE hash(range)::VARCHAR END AS text, "
      "'word ' || range % 50 AS few, range / 3.0 AS real, (range % 1000)::DECIMAL(9, 2) AS amount, "
      "DATE '2024-01-01' + (range % 400)::INTEGER AS day, TIMESTAMP '2024-01-01' + to_seconds(range) AS "
      "moment, "
      "[range, range + 1] AS list, {'a': range, 'b': NULL::VARCHAR} AS nested, range % 2 = 0 AS even "
      "FROM range(700000)";
  const auto bytes = parquet_of(select);
  const auto path = file("big.parquet", bytes);
  push_done({path, "--type", "REPLACE"});
  const std::string digest =
      "SELECT count(*), sum(hash(id, text, few, real, amount, day, moment, list, nested, even))::VARCHAR "
      "FROM t";
  const auto whole = pool().rows(digest);
  ASSERT_EQ(whole[0][0], "700000");
  const auto result =
      push_done({path, "--type", "REPLACE", "--chunk-bytes-max", std::to_string(bytes.size() / 3)});
  EXPECT_GT(result.at("chunks").as_int64(), 2);
  EXPECT_EQ(pool().rows(digest), whole);
  for (const auto& chunk : pool().chunks(std::string(result.at("jobId").as_string()))) {
    EXPECT_LE(field(chunk, "adit.bytes").as_int64(), static_cast<std::int64_t>(bytes.size() / 3));
  }
}

TEST_F(CliPush, ARowGroupThatIsTooLargeIsAnErrorThatSaysTheWayOut) {
  const auto path = file("a.parquet", parquet_of("SELECT hash(range)::VARCHAR AS v FROM range(20000)"));
  const auto end = push({path, "--table", "t", "--type", "REPLACE", "--chunk-bytes-max", "50kB"});
  EXPECT_EQ(end.status, ExitStatus::exited(1));
  for (const auto* part :
       {path.c_str(), "row group 0", "50.0 kB", "smaller row groups", "the table is as it was"}) {
    EXPECT_NE(end.err.find(part), std::string::npos) << part << " in " << end.err;
  }
  EXPECT_TRUE(pool().tables().empty());
}

TEST_F(CliPush, AWrongValueIsToldWithItsPlaceInTheFile) {
  std::string csv = "id,n\n";
  for (int i = 0; i < 5'000; ++i) csv += std::to_string(i) + (i == 4'000 ? ",word\n" : ",1\n");
  const auto path = file("big.csv", csv);
  const auto schema = file("schema.json", R"([{"columnName": "id", "columnType": "INTEGER"},
                                              {"columnName": "n", "columnType": "INTEGER"}])");
  const std::vector<std::string> words{path,   "--table",           "t",   "--type", "REPLACE", "--schema",
                                       schema, "--chunk-bytes-max", "10kB"};
  auto end = push(words);
  EXPECT_EQ(end.status, ExitStatus::exited(4)) << end.err;
  EXPECT_NE(end.err.find(path + ", line 4002: Row 4001, column \"n\""), std::string::npos) << end.err;
  EXPECT_NE(end.err.find("word"), std::string::npos) << end.err;
  auto with_json = words;
  with_json.push_back("--json");
  end = push(with_json);
  EXPECT_EQ(end.status, ExitStatus::exited(4));
  const auto problem = field(json::parse(end.out), "problems").as_array().at(0);
  EXPECT_EQ(field(problem, "line"), 4002) << end.out;
  EXPECT_EQ(field(problem, "row"), 4001);
  EXPECT_EQ(field(problem, "byte"), static_cast<std::int64_t>(csv.find("4000,word")));
  EXPECT_EQ(field(problem, "column"), "n");
  EXPECT_EQ(field(problem, "value"), "word");
}

TEST_F(CliPush, RowsToDeleteGoAfterTheOthers) {
  const auto rows = file("rows.csv", "id,v\n1,a\n2,b\n3,c\n");
  const auto gone = file("gone.csv", "id\n2\n");
  push_done({rows, "--delete", gone, "--type", "DELTA", "--keys", "id"});
  EXPECT_EQ(pool().rows("SELECT id FROM t ORDER BY id"), (Rows{{"1"}, {"3"}}));
  push_done({"--delete", rows, "--type", "DELTA", "--keys", "id"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "0");
}

TEST_F(CliPush, OptionsOfTheJobReachIt) {
  const auto path = file("a.csv", "id;v\n1;'a;b'\n");
  push_done({path, "--type", "DELTA", "--keys", "id", "--separator", ";", "--quote", "'", "--change-date",
             "2024-02-29T12:00:00Z", "--fallback-varchar-length", "2", "--foreign-keys", "FK"});
  EXPECT_EQ(pool().rows("SELECT v, _CELONIS_CHANGE_DATE::VARCHAR FROM t"),
            (Rows{{"a;b", "2024-02-29 12:00:00"}}));
  const auto more = file("b.csv", "id\n1\n");
  push_done({more, "--type", "DELTA", "--keys", "id", "--upsert-strategy", "keep"});
  EXPECT_EQ(pool().value("SELECT v FROM t"), "a;b");
  push_done({more, "--type", "DELTA", "--keys", "id", "--upsert-strategy", "null"});
  EXPECT_EQ(pool().value("SELECT v FROM t"), "NULL");
}

TEST_F(CliPush, WithoutATerminalPlainLinesGoToStandardErrorAndTheResultToOutput) {
  const auto path = file("a.csv", "id\n1\n");
  const auto end = push({path, "--table", "t", "--type", "REPLACE"});
  EXPECT_EQ(end.status, ExitStatus::exited(0));
  EXPECT_NE(end.out.find("DONE: 1 rows into t"), std::string::npos) << end.out;
  EXPECT_NE(end.err.find("1 chunk sent, 5 B of 5 B"), std::string::npos) << end.err;
  EXPECT_NE(end.err.find("job is DONE\n"), std::string::npos) << end.err;
  EXPECT_EQ(end.err.find('\r'), std::string::npos) << "nothing moves in a file";
  const auto quiet = push({path, "--table", "t", "--type", "REPLACE", "--quiet"});
  EXPECT_EQ(quiet.out + quiet.err, "");
}

TEST_F(CliPush, OnATerminalALineShowsBytesAndRate) {
  std::string csv = "id,text\n";
  while (csv.size() < 8'000'000) csv += std::to_string(csv.size()) + ",some text to send\n";
  const auto path = file("big.csv", csv);
  CommandLine command(
      {.arguments = {"push", path, "--pool", pool().pool(), "--table", "t", "--type", "REPLACE",
                     "--chunk-bytes-max", "1MB", "--data", server().data().string()},
       .on_terminal = true});
  const auto end = command.wait();
  EXPECT_EQ(end.status, ExitStatus::exited(0)) << end.err;
  for (const auto* part : {"\r\x1b[Kbig.csv  [", "100 %  8.00 MB of 8.00 MB  ", "B/s"}) {
    EXPECT_NE(end.err.find(part), std::string::npos) << part << " in " << end.err;
  }
  EXPECT_TRUE(end.err.ends_with("\r\x1b[K")) << "the line is taken away in the end";
  EXPECT_NE(end.out.find("DONE: "), std::string::npos);
}

TEST_F(CliPush, ThePoolIsMadeWhereThatIsAsked) {
  const auto path = file("a.csv", "id\n1\n");
  const std::vector<std::string> words{"push",    path, "--pool", "Brand new",
                                       "--table", "t",  "--type", "REPLACE"};
  const auto refused = call(server(), words);
  EXPECT_EQ(refused.status, ExitStatus::exited(1));
  EXPECT_NE(refused.err.find("--create-pool"), std::string::npos) << refused.err;
  auto asking = words;
  asking.push_back("--create-pool");
  EXPECT_EQ(call(server(), asking).status, ExitStatus::exited(0));
  EXPECT_EQ(call(server(), asking).status, ExitStatus::exited(0)) << "and found the next time";
  const auto shown = call(server(), {"pool", "show", "Brand new"});
  EXPECT_NE(shown.out.find("\n  t\n"), std::string::npos) << shown.out;
}

TEST_F(CliPush, FailuresHaveTheirExitCodesAndSayWhatToDo) {
  const auto path = file("a.csv", "id\n1\n");
  const auto unreachable =
      CommandLine({.arguments = {"push", path, "--pool", "p", "--table", "t", "--type", "DELTA", "--url",
                                 "http://127.0.0.1:1", "--key", "k", "--json"}})
          .wait();
  EXPECT_EQ(unreachable.status, ExitStatus::exited(3)) << "at once: it was never there";
  EXPECT_EQ(field(json::parse(unreachable.out), "status"), "FAILED") << unreachable.out;
  EXPECT_EQ(field(json::parse(unreachable.out), "exitCode"), 3);
  const auto missing = push({"/nonexistent.csv", "--table", "t", "--type", "DELTA"});
  EXPECT_EQ(missing.status, ExitStatus::exited(2));
  EXPECT_NE(missing.err.find("there is no file `/nonexistent.csv`"), std::string::npos) << missing.err;
  const auto refused = push({path, "--table", "", "--type", "DELTA"});
  EXPECT_EQ(refused.status, ExitStatus::exited(1)) << refused.err;
}

}  // namespace
}  // namespace adit::test
