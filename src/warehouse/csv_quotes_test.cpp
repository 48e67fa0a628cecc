// Blanks around quotes, and what follows a closing one: names are read by adit, values by the engine as well.
#include "warehouse/csv_fixture.h"

namespace adit {
namespace {

using testing::HasSubstr;

class CsvQuotes : public CsvFixture {
 protected:
  /// Of a row that can't be read, the second one.
  void expect_fault(const std::string& content, const std::string& words, const CsvOptions& dialect = {}) {
    both_ways(content, [&] {
      auto pushed = job("t").csv(content);
      pushed.spec().csv = dialect;
      const auto errors = pushed.errors();
      ASSERT_EQ(errors.size(), 1U);
      EXPECT_EQ(errors[0].row, 2U);
      EXPECT_THAT(errors[0].message, HasSubstr(words));
    });
  }
};

TEST_F(CsvQuotes, BlanksAroundThemAreNoPartOfNamesAndValues) {
  const std::string names = "id BIGINT, name VARCHAR";
  expect("id, \"name\"\n1, \"x\"\n", {"1|x"}, names);
  expect("id,\"name\" \n1,\"x\" \n2,\"y\"   \n", {"1|x", "2|y"}, names);
  expect(" \"id\" , \"name\" \r\n \"1\" , \"x\" \r\n \"2\",y\r\n", {"1|x", "2|y"}, names);
  expect("\xEF\xBB\xBF \"id\", \"name\"\n \"1\", \"x\"\n", {"1|x"}, names);
  expect("id;\"name\"  \n1;\"x\"  ;\n", {"1|x"}, names);
  expect("id\t \"name\"\n1\t \"x\" \n", {"1|x"}, names);
  expect("id, 'name'\n1, 'x'\n2, 'y, z' \n", {"1|x", "2|y, z"}, names);
  expect("id, \"name\"\n1, \"\"\n2, \"\" \n3, \n4,\n", {"1|''", "2|''", "3| ", "4|NULL"}, names);
  expect("id, \"name\"\n1, \"x\ny\" \n2, \"p \"\"q\"\"\"\n", {"1|x\ny", "2|p \"q\""}, names);
  expect("id, \"name\"\r\n1, \"x\"\n2, \"y\" \r\n", {"1|x", "2|y"}, names);  // mixed line ends
}

TEST_F(CsvQuotes, SeparatorsWithinThemStayThereBehindABlank) {
  const std::string names = "id BIGINT, last, first VARCHAR";
  expect("id, \"last, first\"\n1, \"Doe, John\"\n", {"1|Doe, John"}, names);
  expect("id, \"last, first\" \n1, \"Doe, John\" \n", {"1|Doe, John"}, names);
  expect("id, \"last\n first\"\n1, \"Doe\nJohn\"\n", {"1|Doe\nJohn"}, "id BIGINT, last\n first VARCHAR");
}

TEST_F(CsvQuotes, WhereNoneBeginsAFieldTheyAreText) {
  expect("id,  \"name\"\n1,  \"x\"\n", {"1|  \"x\""}, "id BIGINT,   \"name\" VARCHAR");
  expect("id,\t\"name\"\n1,\t\"x\"\n", {"1|\t\"x\""}, "id BIGINT, \t\"name\" VARCHAR");
  expect("id, name\n1, 5\" pipe\n2, y \"z\"\n", {"1| 5\" pipe", "2| y \"z\""}, "id BIGINT,  name VARCHAR");
}

TEST_F(CsvQuotes, TextBehindAClosingOneIsAnErrorAlsoWhereTheEngineReadsIt) {
  const std::string words = "text follows a closing quote";
  expect_fault("a,b\n2, y\n3,\"p\" \"q\"\n", words);
  expect_fault("a,b\n2, y\n3,\"p\"  \"q, r\"\n", words);
  expect_fault("a,b\n1,2\n\"24\" \"\",7\n", words);
  expect_fault("a,b\n1,2\n\"x\" \",z\",2\n", words);
  expect_fault("a,b\n1,2\n\"x\" y,2\n", words);
  expect_fault("a,b\r\n1,2\r\n3,\"p\" \"q\"\r\n", words);
  const CsvOptions bars{.separator = "||", .quote = {}, .escape = {}};
  expect_fault("a||b\n1||2\n\"x\"|y||z\n", words, bars);
}

TEST_F(CsvQuotes, QuotesAndBlanksWithinAValueAreNoError) {
  expect("a,b\n1,\"\"\"p\"\" \"\"q\"\"\"\n2,\"x \"\" y\"\n", {"1|\"p\" \"q\"", "2|x \" y"});
  expect("a,b\n\" \",\" \"\n", {" | "});
}

TEST_F(CsvQuotes, TextBehindAClosingOneIsFoundInLargeFiles) {
  std::string content = "a,b\n";
  for (int i = 0; i < 300'000; ++i)
    content += std::to_string(i) + (i == 200'000 ? ",\"p\" \"q\"\n" : ", \"x\"\n");
  const auto errors = job("t").csv(content).errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].line, 200'002U);
}

}  // namespace
}  // namespace adit
