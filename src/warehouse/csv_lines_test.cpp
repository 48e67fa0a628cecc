// Line ends where they are easily taken for others: in the names of a header, and in values of large files.
#include "warehouse/csv_fixture.h"

namespace adit {
namespace {

class CsvLines : public CsvFixture {};

TEST_F(CsvLines, NamesOfAHeaderMayHaveLineEnds) {
  const Lines two{"1|x", "2|y"};
  expect("\"a\nx\",b\n1,x\n2,y\n", two);
  expect("\"a\r\nx\",b\n1,x\n2,y\n", two);
  expect("\"Order\nno\",b\r\n1,x\r\n2,y\r\n", two);  // as a spreadsheet writes it
  expect("\"a\r\nx\",b\r\n1,x\r\n2,y\r\n", two);
  expect("\"a\rx\",b\n1,x\n2,y\n", two);
  expect("\"a\nx\",b\r1,x\r2,y\r", two);
  expect("a,\"b\n\n\nx\"\n1,x\n2,y", two);
  expect("a,\"b\nx\"\n1,\"x\"\n2,y\n", two);
  expect("\"a\nx\"\r\n1\n2\r\n", {"1", "2"});
  expect("\"a\nx\"\n1\n2\n", {"1", "2"});
  expect("\"a\nx\",b\n", {});
  expect("\"a\nx\",b", {});
  expect("\"a\nx\",b\n1,\"x\r\ny\"\n", {"1|x\r\ny"});
}

TEST_F(CsvLines, NamesOfAHeaderMayHaveLineEndsBehindAByteOrderMark) {
  const Lines two{"1|x", "2|y"};
  expect("\xEF\xBB\xBF\"a\nx\",b\n1,x\n2,y\n", two);
  expect("\xEF\xBB\xBF\"a\nx\",b\r\n1,x\r\n2,y\r\n", two);
  expect("\xEF\xBB\xBF\"a\nx\",b\r\n1,x\n2,y\r\n", two);
}

TEST_F(CsvLines, NamesOfAHeaderMayHaveLineEndsWhereLineEndsAreMixed) {
  expect("b,\"a\nx\"\r\n1,x\n2,y\r\n3,z\n", {"1|x", "2|y", "3|z"});
  expect("b,\"a\nx\"\n1,x\r\n2,y\n3,\"z\r\nz\"\r\n", {"1|x", "2|y", "3|z\r\nz"});
}

TEST_F(CsvLines, EmptyLinesAtTheEndOfOneColumnAreNoRows) {
  const Lines two{"1", "2"};
  expect("id\n1\n2\n\n", two);
  expect("id\n1\n2\n\n\n\n", two);
  expect("id\r\n1\r\n2\r\n\r\n", two);
  expect("id\n1\r\n2\n\r\n\n", two);
  expect("id\r1\r2\r\r", two);
  expect("id\n1\n\n2\n\n", {"1", "2", "NULL"});
  expect("id\n1\n\n2", {"1", "2", "NULL"});
  expect("id\n1\n2\n\"\"\n\n", {"''", "1", "2"});
  expect("id\n\n", {});
  expect("\xEF\xBB\xBFid\n\n\n1\n\n", {"1", "NULL", "NULL"});
  expect("\"a\nx\"\n1\n2\n\n", two);
  expect("\"a\nx\"\r\n1\r\n2\n\n", two);
  expect("id\n\"1\n\n\"\n\n", {"1\n\n"});
  expect("a,b\n1,x\n\n2,y\n\n", {"1|x", "2|y"});
}

TEST_F(CsvLines, EmptyLinesAtTheEndOfOneColumnAreNoKeys) {
  both_ways("id", [&] {
    job("t", JobType::kDelta, {"id"})
        .csv("id,v\n1,x\n2,y\n")
        .csv("id\n1\n\n", ChunkOperation::kDelete)
        .land();
    EXPECT_EQ(rows("SELECT id FROM t"), Lines{"2"});
    const auto errors = job("t", JobType::kDelta, {"id"}).csv("id\n1\n\n3\n\n").errors();
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].row, 2U);
    EXPECT_EQ(errors[0].line, 3U);
  });
}

TEST_F(CsvLines, DamageBeforeEmptyLinesIsNamed) {
  for (const std::string row : {"2,3", "\"2\" x", "\"2"}) {
    const auto errors = job("t").csv("id\n1\n" + row + "\n\n").errors();
    ASSERT_EQ(errors.size(), 1U) << row;
    EXPECT_EQ(errors[0].row, 2U);
    EXPECT_EQ(errors[0].line, 3U);
  }
}

TEST_F(CsvLines, EmptyLinesAtTheEndOfALargeFileOfOneColumnAreNoRows) {
  std::string content = "id\n";
  for (int i = 0; i < 1'000'000; ++i) content += i == 500'000 ? "\n" : std::to_string(i) + "\n";
  job("t").csv(content + "\n\n").land();
  EXPECT_EQ(rows("SELECT count(*), count(id), max(id) FROM t"), Lines{"1000000|999999|999999"});
}

TEST_F(CsvLines, DamageBehindAHeaderOfSeveralLinesIsNamed) {
  const auto errors = job("t").csv("\"a\nx\",b\n1,x\n2\n").errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].line, 4U);
  EXPECT_EQ(errors[0].row, 2U);
}

TEST_F(CsvLines, OfALargeFileBehindAHeaderOfSeveralLinesAllRowsLand) {
  std::string content = "\"Order\nno\",b\r\n";
  for (int i = 0; i < 50'000; ++i) content += std::to_string(i) + ",text " + std::to_string(i) + "\r\n";
  job("t").csv(content).land();
  EXPECT_EQ(rows("SELECT count(*), sum(\"Order\nno\"), max(b) FROM t"),
            (Lines{"50000|1249975000|text 9999"}));
}

TEST_F(CsvLines, ValuesOfManyLinesMayStandAnywhereInALargeFile) {
  for (const std::string end : {"\n", "\r\n"}) {
    std::string content = "id,a,b\n";
    const std::string filler(150, 'p');
    int id = 0;
    while (content.size() < 16'600'000) content += std::to_string(id++) + ",\"" + filler + "\",xy\n";
    std::string text;
    for (int i = 0; i < 200; ++i) text += "7,x,y\n";
    for (int i = 0; i < 1'000; ++i) content += std::to_string(id++) + ",\"" + text + "\",z" + end;
    job("t").csv(content).land();
    EXPECT_EQ(rows("SELECT count(*), count(DISTINCT id), max(length(a)) FROM t"),
              (Lines{std::to_string(id) + "|" + std::to_string(id) + "|1200"}));
  }
}

}  // namespace
}  // namespace adit
