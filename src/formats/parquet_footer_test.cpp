#include "formats/parquet_footer.h"

#include <gtest/gtest.h>

#include <random>

namespace adit {
namespace {

using thrift::Fields;
using thrift::StructWriter;
using thrift::Type;

// Where a column's pages lie; 0 is left out.
struct Column {
  std::int64_t data = 0;
  std::int64_t dictionary = 0;
  std::int64_t bytes = 0;
};

std::string text_value(const std::string& text) { return static_cast<char>(text.size()) + text; }

std::string column_chunk(const Column& column) {
  StructWriter metadata;
  metadata.integer(1, Type::kI32, 6);
  metadata.field({4, Type::kI32, std::string_view("\0", 1)});
  metadata.integer(7, Type::kI64, column.bytes);
  metadata.integer(9, Type::kI64, column.data);
  if (column.dictionary != 0) metadata.integer(11, Type::kI64, column.dictionary);
  metadata.integer(14, Type::kI64, 9'000);
  metadata.integer(15, Type::kI32, 32);
  StructWriter chunk;
  chunk.integer(2, Type::kI64, column.data);
  chunk.nested(3, std::move(metadata).finish());
  chunk.integer(4, Type::kI64, 8'000);
  chunk.integer(5, Type::kI32, 10);
  chunk.integer(6, Type::kI64, 8'100);
  chunk.integer(7, Type::kI32, 10);
  return std::move(chunk).finish();
}

std::string row_group(std::int64_t rows, const std::vector<Column>& columns, std::int16_t ordinal) {
  std::vector<std::string> encoded;
  for (const auto& column : columns) encoded.push_back(column_chunk(column));
  StructWriter group;
  group.structs(1, encoded);
  group.integer(3, Type::kI64, rows);
  group.integer(5, Type::kI64, columns.front().data);
  group.integer(7, Type::kI16, ordinal);
  return std::move(group).finish();
}

std::string footer_text(const std::vector<std::string>& groups, std::int64_t rows) {
  const std::string creator = text_value("a writer");
  StructWriter footer;
  footer.integer(1, Type::kI32, 2);
  footer.structs(2, {});
  footer.integer(3, Type::kI64, rows);
  footer.structs(4, groups);
  footer.field({6, Type::kBinary, creator});
  return std::move(footer).finish();
}

// Three groups of 500 bytes each.
std::string three_groups() {
  return footer_text({row_group(10, {{50, 4, 200}, {204, 0, 300}}, 0), row_group(20, {{504, 0, 500}}, 1),
                      row_group(30, {{1004, 0, 500}}, 2)},
                     60);
}
constexpr std::uint64_t kDataEnd = 2'000;

Fields fields_of(std::string_view text) { return *Fields::read(text); }

TEST(ParquetFooter, TellsWhereRowGroupsLie) {
  const auto text = three_groups();
  const auto footer = ParquetFooter::read(text, kDataEnd);
  ASSERT_TRUE(footer) << footer.error().public_message;
  const auto& groups = footer->row_groups();
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].begin, 4U) << "a dictionary lies before its data";
  EXPECT_EQ(groups[0].end, 504U);
  EXPECT_EQ(groups[1].rows, 20U);
  EXPECT_EQ(groups[2].end, 1'604U) << "some slack for old writers";
}

TEST(ParquetFooter, OfAPartHasItsOwnCountsAndOffsetsAndNoIndexes) {
  const auto text = three_groups();
  const auto part = ParquetFooter::read(text, kDataEnd)->footer_of(1, 3);
  ASSERT_TRUE(part);
  ASSERT_TRUE(part->ends_with("PAR1"));
  const auto bytes = parquet_footer_bytes(part->substr(part->size() - 8), 5'000);
  ASSERT_TRUE(bytes);
  ASSERT_EQ(*bytes + 8, part->size());
  const auto fields = fields_of(std::string_view(*part).substr(0, *bytes));
  EXPECT_EQ(fields.integer(3), 50);
  EXPECT_EQ(fields.find(6)->bytes, text_value("a writer"));
  const auto groups = *thrift::struct_list(*fields.find(4));
  ASSERT_EQ(groups.size(), 2U);
  const auto second = fields_of(groups[1]);
  EXPECT_EQ(second.integer(5), 504);
  EXPECT_EQ(second.integer(7), 1);
  const auto column = fields_of((*thrift::struct_list(*second.find(1)))[0]);
  EXPECT_EQ(column.integer(2), 504);
  for (std::int16_t id = 4; id <= 7; ++id) EXPECT_EQ(column.find(id), nullptr) << id;
  const auto metadata = fields_of(column.find(3)->bytes);
  EXPECT_EQ(metadata.integer(9), 504);
  EXPECT_EQ(metadata.integer(7), 500);
  EXPECT_EQ(metadata.find(14), nullptr);
  EXPECT_EQ(metadata.find(11), nullptr);
}

TEST(ParquetFooter, ThatCanNotBeTakenApartIsRefusedWithTheReason) {
  const auto refusal = [](const std::string& text) {
    const auto footer = ParquetFooter::read(text, kDataEnd);
    return footer ? std::string() : footer.error().public_message;
  };
  EXPECT_NE(refusal(footer_text({row_group(1, {{4, 0, 600}}, 0), row_group(1, {{504, 0, 10}}, 1)}, 2))
                .find("behind"),
            std::string::npos);
  EXPECT_NE(refusal(footer_text({row_group(1, {{1'000, 0, 2'000}}, 0)}, 1)).find("behind"),
            std::string::npos);
  EXPECT_NE(refusal(footer_text({row_group(1, {{-5, 0, 10}}, 0)}, 1)).find("can't be read"),
            std::string::npos);
  EXPECT_NE(refusal("").find("can't be read"), std::string::npos);
  EXPECT_EQ(parquet_footer_bytes(std::string_view("\x10\0\0\0PARE", 8), 100).error().public_message,
            "it is encrypted");
  EXPECT_FALSE(parquet_footer_bytes(std::string_view("\x7f\0\0\0PAR1", 8), 100)) << "longer than the file";
}

TEST(ParquetFooter, DamagedInAnyWayIsAnErrorOrAFooterAndNeverMore) {
  const auto whole = three_groups();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParquetFooter::read(std::string_view(whole).substr(0, size), kDataEnd)) << size;
  }
  std::minstd_rand random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto text = whole;
    for (int flips = 0; flips < 3; ++flips) text[random() % text.size()] = static_cast<char>(random());
    const auto footer = ParquetFooter::read(text, kDataEnd);
    if (!footer) continue;
    for (const auto& group : footer->row_groups()) {
      EXPECT_LE(group.begin, group.end);
      EXPECT_LE(group.end, kDataEnd);
    }
    if (!footer->row_groups().empty())
      static_cast<void>(footer->footer_of(0, footer->row_groups().size()).ok());
  }
}

/// With so many elements of `id`, each as short as can be.
std::string footer_with(std::int16_t id, std::size_t count) {
  StructWriter footer;
  footer.integer(1, Type::kI32, 2);
  footer.structs(id, std::vector<std::string>(count, std::string(1, '\0')));
  return std::move(footer).finish();
}

TEST(ParquetFooter, IsBoundedBeforeItIsRead) {
  const auto said = [](const std::string& text) {
    const auto checked = check_parquet_footer(text);
    return checked ? std::string("fine") : checked.error().public_message;
  };
  EXPECT_EQ(said(three_groups()), "fine");
  EXPECT_EQ(said(footer_with(2, kParquetColumnsMax)), "fine");
  EXPECT_NE(said(footer_with(2, kParquetColumnsMax + 1)).find("has 100001 columns; at most 100000"),
            std::string::npos);
  EXPECT_EQ(said(footer_with(4, kParquetStructsMax)), "fine");
  EXPECT_NE(said(footer_with(4, kParquetStructsMax + 1)).find("larger row groups"), std::string::npos);
  // A list that says it has more than there is.
  const std::string claim("\x29\xFC\xFF\xFF\xFF\x07\0", 7);
  EXPECT_NE(said(claim).find("can't be read"), std::string::npos);
  EXPECT_TRUE(check_parquet_footer_bytes(kParquetFooterBytesMax));
  EXPECT_FALSE(check_parquet_footer_bytes(kParquetFooterBytesMax + 1));
}

}  // namespace
}  // namespace adit
