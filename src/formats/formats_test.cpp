#include <gtest/gtest.h>

#include "formats/column_types.h"
#include "formats/csv_scanner.h"
#include "formats/file_kind.h"
#include "formats/names.h"
#include "formats/text_types.h"

namespace adit {
namespace {

TEST(Names, FoldWithoutRegardToCaseInAllScripts) {
  EXPECT_EQ(fold_name("Größe"), fold_name("GRÖSSE"));
  EXPECT_EQ(fold_name("Ä"), fold_name("ä"));
  EXPECT_EQ(fold_name("ΣΑΣ"), fold_name("σας"));
  EXPECT_NE(fold_name("a"), fold_name("ä"));
}

TEST(Names, MayBeAnythingButEmptyLongBrokenOrReserved) {
  for (const auto* name : {"t", "a \"b\"", "../x", "; DROP TABLE t", "🙂", "adit", "_adit_"}) {
    EXPECT_TRUE(check_table_name(name)) << name;
  }
  EXPECT_TRUE(check_table_name(std::string(kNameBytesMax, 'x')));
  EXPECT_FALSE(check_table_name(std::string(kNameBytesMax + 1, 'x')));
  EXPECT_FALSE(check_table_name(""));
  EXPECT_FALSE(check_table_name(std::string_view("a\0b", 3)));
  EXPECT_FALSE(check_table_name("\xC3"));
  EXPECT_FALSE(check_table_name("__Adit_x"));
}

TEST(Names, ShorteningNeverCutsACharacter) {
  EXPECT_EQ(shorten("abc", 3), "abc");
  EXPECT_EQ(shorten("aäb", 2), "a…");
  EXPECT_EQ(shorten("a\xFF", 10), "a\uFFFD");
}

TEST(Names, WhatIsNoUtf8IsReplacedAndNothingElse) {
  EXPECT_EQ(as_utf8("aä\n🙂"), "aä\n🙂");
  EXPECT_EQ(as_utf8("\"\xFF\xFE\xC3\""), "\"\uFFFD\uFFFD\uFFFD\"");
}

TEST(TextTypes, OnlyWhatLosesNothingIsANumberOrAMoment) {
  const std::vector<std::pair<const char*, TypeKind>> cases{
      {"0", TypeKind::kInteger},
      {"-12", TypeKind::kInteger},
      {"9223372036854775807", TypeKind::kInteger},
      {"9223372036854775808", TypeKind::kString},
      {"-0", TypeKind::kString},
      {"00012", TypeKind::kString},
      {"+1", TypeKind::kString},
      {" 1", TypeKind::kString},
      {"1.50", TypeKind::kFloat},
      {"1e5", TypeKind::kString},
      {"1E05", TypeKind::kString},
      {"1e+05", TypeKind::kFloat},
      {"1e-05", TypeKind::kFloat},
      {"1.0E5", TypeKind::kFloat},
      {"1e+500", TypeKind::kString},
      {"1.", TypeKind::kString},
      {".5", TypeKind::kString},
      {"1.234567890123456", TypeKind::kFloat},
      {"True", TypeKind::kBoolean},
      {"0.30000000000000004", TypeKind::kFloat},
      {"0.12345678901234567", TypeKind::kString},
      {"1.5000000000000000000", TypeKind::kFloat},
      {"-1.2345678901234568E-5", TypeKind::kFloat},
      {"1e+300", TypeKind::kFloat},
      {"1e+400", TypeKind::kString},
      {"1e-400", TypeKind::kString},
      {"0.0", TypeKind::kFloat},
      {"0e+5", TypeKind::kFloat},
      {"12345678901234567.0", TypeKind::kString},
      {"100000000000000000000", TypeKind::kString},
      {"-1.2345678901234567E-5", TypeKind::kString},
      {"t", TypeKind::kString},
      {"2024-01-02", TypeKind::kDate},
      {"2024-1-2", TypeKind::kString},
      {"2024-01-02 03:04:05", TypeKind::kDateTime},
      {"2024-01-02T03:04:05.123456+02:00", TypeKind::kDateTime},
      {"2024-01-02T03:04:05.1234567", TypeKind::kString},
      {"2024-01-02T03:04:05-15:59", TypeKind::kDateTime},
      {"2024-01-02T03:04:05+16", TypeKind::kString},
      {"2024-01-02T03:04:05+01:60", TypeKind::kString},
      {"2024-01-02T03:04", TypeKind::kString},
  };
  for (const auto& [text, kind] : cases) EXPECT_EQ(guess_type(text), kind) << text;
}

TEST(TextTypes, OfKeysAreNumbersAndBooleansOnlyAsTheyArePrinted) {
  const std::vector<std::pair<const char*, TypeKind>> cases{
      {"1", TypeKind::kInteger},    {"1.0", TypeKind::kFloat},       {"-0.25", TypeKind::kFloat},
      {"0.0001", TypeKind::kFloat}, {"0.0", TypeKind::kFloat},       {"1.10", TypeKind::kString},
      {"1.00", TypeKind::kString},  {"-0.0", TypeKind::kString},     {"0.00001", TypeKind::kString},
      {"1e-05", TypeKind::kString}, {"1.5e+3", TypeKind::kString},   {"true", TypeKind::kBoolean},
      {"True", TypeKind::kString},  {"2024-01-02", TypeKind::kDate}, {"a", TypeKind::kString},
  };
  for (const auto& [text, kind] : cases) EXPECT_EQ(guess_type(text, ColumnUse::kKey), kind) << text;
  TypeGuess guess(ColumnUse::kKey);
  guess.add("1");
  guess.add("1.5");
  EXPECT_EQ(guess.type(), StoredType{.kind = TypeKind::kString});
}

TEST(ColumnTypes, WidenOnlyWhereValuesStayExact) {
  const StoredType integer{.kind = TypeKind::kInteger};
  const StoredType number{.kind = TypeKind::kFloat};
  const StoredType date{.kind = TypeKind::kDate};
  const StoredType moment{.kind = TypeKind::kDateTime};
  const StoredType text{.kind = TypeKind::kString};
  EXPECT_EQ(widened(integer, number, StringWidening::kForbidden), number);
  EXPECT_EQ(widened(moment, date, StringWidening::kForbidden), moment);
  EXPECT_EQ(widened(integer, date, StringWidening::kForbidden), std::nullopt);
  EXPECT_EQ(widened(integer, date, StringWidening::kAllowed), text);
  EXPECT_EQ(widened(decimal_type(5, 2), decimal_type(12, 3), StringWidening::kForbidden),
            decimal_type(12, 3));
  EXPECT_EQ(widened(integer, decimal_type(5, 2), StringWidening::kForbidden), decimal_type(21, 2));
}

TEST(ColumnTypes, WideningAfterMisfitsEnds) {
  const StoredType integer{.kind = TypeKind::kInteger};
  std::optional<StoredType> type = StoredType{.kind = TypeKind::kFloat};
  int steps = 0;
  for (; type && steps < 10; ++steps) type = widened_after_misfit(*type, integer, StringWidening::kAllowed);
  EXPECT_EQ(type, std::nullopt);
  EXPECT_LT(steps, 5);
  const StoredType number{.kind = TypeKind::kFloat};
  type = decimal_type(38, 3);
  for (steps = 0; type && steps < 10; ++steps)
    type = widened_after_misfit(*type, number, StringWidening::kForbidden);
  EXPECT_EQ(type, std::nullopt);
  EXPECT_EQ(steps, 3);
}

TEST(CsvScanner, RecordsCarryTheirPlaces) {
  CsvScanner scanner(
      "\xEF\xBB\xBF"
      "a,b\r\n\"x\ny\",2\n3",
      CsvDialect{});
  CsvRecord record;
  ASSERT_TRUE(scanner.next(record));
  EXPECT_EQ(record.byte, 3U);
  ASSERT_TRUE(scanner.next(record));
  EXPECT_EQ(record.line, 2U);
  EXPECT_EQ(record.byte, 8U);
  EXPECT_EQ(csv_value(record.fields[0], CsvDialect{}), "x\ny");
  ASSERT_TRUE(scanner.next(record));
  EXPECT_EQ(record.line, 4U);
  EXPECT_FALSE(record.ended());
  EXPECT_FALSE(scanner.next(record));
}

TEST(CsvScanner, UnterminatedQuoteIsAProblemOfItsRecord) {
  CsvScanner scanner("a,\"b\nc", CsvDialect{});
  CsvRecord record;
  ASSERT_TRUE(scanner.next(record));
  EXPECT_EQ(record.problem, CsvProblem::kUnterminatedQuote);
}

TEST(FileKind, IsNamed) {
  EXPECT_EQ(describe_file_kind("PAR1..."), "a Parquet file");
  EXPECT_EQ(describe_file_kind("{\"a\": 1}"), "JSON");
  EXPECT_EQ(describe_file_kind("a,b\n"), "text");
  EXPECT_TRUE(may_be_csv("ORC,b\n"));
  EXPECT_FALSE(may_be_csv("PK\x03\x04"));
}

}  // namespace
}  // namespace adit
