#include "formats/parquet_columns.h"

#include <gtest/gtest.h>

#include <random>

#include "formats/thrift_compact.h"

namespace adit {
namespace {

using thrift::StructWriter;
using thrift::Type;
using Names = std::vector<std::string>;

enum class Logical { kNone, kText, kNull };

std::string element(const std::string& name, std::int64_t children = 0, Logical logical = Logical::kNone) {
  StructWriter kind;
  kind.nested(logical == Logical::kNull ? 11 : 1, std::string_view("\0", 1));
  const auto encoded = std::move(kind).finish();
  const auto text = static_cast<char>(name.size()) + name;
  StructWriter writer;
  writer.field({4, Type::kBinary, text});
  if (children != 0) writer.integer(5, Type::kI32, children);
  if (logical != Logical::kNone) writer.nested(10, encoded);
  return std::move(writer).finish();
}

std::string file_of(const std::vector<std::string>& elements) {
  StructWriter writer;
  writer.integer(1, Type::kI32, 2);
  writer.structs(2, elements);
  writer.integer(3, Type::kI64, 0);
  auto footer = std::move(writer).finish();
  const auto bytes = footer.size();
  for (int i = 0; i < 4; ++i) footer += static_cast<char>(bytes >> (8 * i));
  return "PAR1" + footer + "PAR1";
}

Names names_of(const std::string& file) {
  const auto columns = parquet_columns(file);
  if (!columns) return {"refused: " + columns.error().public_message};
  Names names;
  for (const auto& column : *columns) names.push_back(column.name + (column.untyped ? " (untyped)" : ""));
  return names;
}

TEST(ParquetColumns, AreNamedAsTheFileNamesThem) {
  const std::string zero("n\0l", 3);
  EXPECT_EQ(names_of(file_of(
                {element("root", 5), element("a"), element("A"), element("a"), element(""), element(zero)})),
            (Names{"a", "A", "a", "", zero}));
  EXPECT_EQ(names_of(file_of({element("root")})), Names{});
}

TEST(ParquetColumns, WhatIsNestedIsAPartOfItsColumn) {
  EXPECT_EQ(names_of(file_of({element("root", 3), element("s", 2), element("a"), element("list", 1),
                              element("element", 1), element("a"), element("a"), element("m", 1),
                              element("key_value", 2), element("key"), element("value")})),
            (Names{"s", "a", "m"}));
}

TEST(ParquetColumns, OfTheTypeNullAreUntyped) {
  EXPECT_EQ(names_of(file_of({element("root", 3), element("a", 0, Logical::kNull),
                              element("b", 0, Logical::kText), element("c")})),
            (Names{"a (untyped)", "b", "c"}));
}

TEST(ParquetColumns, OfATreeThatDoesNotAddUpAreRefused) {
  const Names refused{"refused: its footer can't be read; it may be damaged"};
  EXPECT_EQ(names_of(file_of({element("root", 2), element("a")})), refused);
  EXPECT_EQ(names_of(file_of({element("root", 1), element("a"), element("b")})), refused);
  EXPECT_EQ(names_of(file_of({element("root", 1), element("s", 2), element("a")})), refused);
  EXPECT_EQ(names_of(file_of({element("root", 1), element("s", INT64_MAX), element("a")})), refused);
  EXPECT_EQ(names_of(file_of({element("root", 1), element("s", -1), element("a")})), refused);
  EXPECT_EQ(names_of(file_of({})), Names{}) << "the engine refuses such a file";
}

TEST(ParquetColumns, DamagedInAnyWayAreAnErrorOrColumnsAndNeverMore) {
  const auto whole = file_of({element("root", 3), element("s", 2), element("a"), element("b"),
                              element("t", 0, Logical::kText), element("n", 0, Logical::kNull)});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parquet_columns(std::string_view(whole).substr(0, size))) << size;
  std::minstd_rand random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto text = whole;
    for (int flips = 0; flips < 3; ++flips) text[random() % text.size()] = static_cast<char>(random());
    const auto columns = parquet_columns(text);
    EXPECT_TRUE(!columns || columns->size() < text.size());
  }
}

}  // namespace
}  // namespace adit
