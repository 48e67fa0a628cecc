// What is refused before an upload is acknowledged.
#include <gmock/gmock.h>

#include "base/file.h"
#include "formats/parquet_footer.h"
#include "formats/thrift_compact.h"
#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

using testing::HasSubstr;

class Inspect : public WarehouseTest {
 protected:
  std::string inspect(TestJob job, const ChunkFile& file,
                      ChunkOperation operation = ChunkOperation::kUpsert) {
    auto columns = warehouse_->inspect(job.plan().stage, operation, file.path);
    if (columns) return "fine";
    EXPECT_EQ(columns.error().kind, ErrorKind::kInvalid) << columns.error().internal_detail;
    EXPECT_EQ(columns.error().public_message.find(folder_.string()), std::string::npos);
    return columns.error().public_message;
  }
  /// The Parquet file with other names for its columns, any bytes at all: the engine would not write them.
  ChunkFile renamed(const ChunkFile& parquet, const std::vector<std::string>& names) {
    const auto content = *read_file(parquet.path, 1 << 20);
    const auto tail = content.size() - kParquetTailBytes;
    const auto begin = tail - *parquet_footer_bytes(std::string_view(content).substr(tail), content.size());
    auto footer = std::string_view(content).substr(begin, tail - begin);
    const auto fields = *thrift::Fields::read(footer);
    thrift::StructWriter writer;
    for (const auto& field : fields) {
      if (field.id == 2) {
        writer.structs(2, renamed_elements(*thrift::struct_list(field), names));
      } else {
        writer.field(field);
      }
    }
    auto written = std::move(writer).finish();
    const auto bytes = static_cast<std::uint32_t>(written.size());
    for (int i = 0; i < 4; ++i) written += static_cast<char>(bytes >> (8 * i));
    return file(content.substr(0, begin) + written + "PAR1");
  }
  static std::vector<std::string> renamed_elements(const std::vector<std::string_view>& elements,
                                                   const std::vector<std::string>& names) {
    std::vector<std::string> written{std::string(elements.front())};
    std::int64_t inside = 0;
    std::size_t column = 0;
    for (std::size_t i = 1; i < elements.size(); ++i) {
      auto encoded = elements[i];
      const auto fields = *thrift::Fields::read(encoded);
      const bool is_column = inside == 0;
      inside += fields.integer(5).value_or(0) - (is_column ? 0 : 1);
      if (!is_column) {
        written.emplace_back(elements[i]);
        continue;
      }
      const auto name = names.at(column++);
      const auto binary = static_cast<char>(name.size()) + name;
      thrift::StructWriter writer;
      for (const auto& field : fields)
        writer.field(field.id == 4 ? thrift::Field{4, thrift::Type::kBinary, binary} : field);
      written.push_back(std::move(writer).finish());
    }
    EXPECT_EQ(column, names.size());
    return written;
  }
  TestJob csv_job(std::vector<std::string> keys = {}) {
    auto made = job("t", JobType::kDelta, std::move(keys));
    made.spec().file_type = FileType::kCsv;
    return made;
  }
};

TEST_F(Inspect, GoodFilesPass) {
  EXPECT_EQ(inspect(csv_job({"a"}), file("a,b\n1,2\n")), "fine");
  EXPECT_EQ(inspect(job("t", JobType::kDelta, {"a"}), parquet("SELECT 1 AS a")), "fine");
}

TEST_F(Inspect, EmptyFileIsRefused) {
  EXPECT_THAT(inspect(csv_job(), file("")), HasSubstr("empty file"));
  EXPECT_THAT(inspect(job("t"), file("")), HasSubstr("empty file"));
}

TEST_F(Inspect, WrongKindOfFileIsNamed) {
  EXPECT_THAT(inspect(job("t"), file("a,b\n1,2\n")), HasSubstr("looks like text"));
  EXPECT_THAT(inspect(csv_job(), parquet("SELECT 1 AS a")), HasSubstr("a Parquet file"));
  EXPECT_THAT(inspect(csv_job(), file("PK\x03\x04zip")), HasSubstr("ZIP"));
  EXPECT_THAT(inspect(csv_job(), file(std::string("a\0b", 3))), HasSubstr("binary"));
  EXPECT_THAT(inspect(csv_job(), file("\xFF\xFE"
                                      "a")),
              HasSubstr("UTF-16"));
}

TEST_F(Inspect, DamagedParquetIsRefused) {
  auto damaged = parquet("SELECT range AS a FROM range(1000)");
  std::filesystem::resize_file(damaged.path, std::filesystem::file_size(damaged.path) / 2);
  EXPECT_THAT(inspect(job("t"), damaged), HasSubstr("footer"));
}

TEST_F(Inspect, DecimalsOfMoreDigitsThanCanBeStoredAreRefused) {
  for (const auto* name : {"wide_decimal.parquet", "wide_decimal_in_list.parquet"}) {
    auto pushed = job("t").parquet_file(name);
    const auto message = inspect(pushed, pushed.plan().chunks.back());
    EXPECT_THAT(message, HasSubstr("Column \"price"));
    EXPECT_THAT(message, HasSubstr("a decimal of 40 digits"));
    EXPECT_THAT(message, HasSubstr("at most 38 digits, or as a string"));
  }
  EXPECT_EQ(inspect(job("t"), parquet("SELECT 1.5::DECIMAL(38,2) AS a, [1.5::DECIMAL(38,2)] AS b")), "fine");
}

TEST_F(Inspect, ParquetWithMoreColumnsThanAnybodyHasIsRefusedUnread) {
  constexpr std::size_t kColumns = 100'001;
  std::string footer("\x15\x02\x19\xFC\xA1\x8D\x06", 7);  // a list of so many
  for (std::size_t i = 0; i < kColumns; ++i)
    footer += std::string(
        "\x48\x01"
        "a\0",
        4);
  footer += std::string("\x16\0\x19\x0C\0", 5);
  std::string bytes = "PAR1" + footer;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(footer.size() >> (8 * i));
  EXPECT_THAT(inspect(job("t"), file(bytes + "PAR1")), HasSubstr("100001 columns; at most 100000"));
}

TEST_F(Inspect, HeaderMustNameEachColumnOnce) {
  EXPECT_THAT(inspect(csv_job(), file("a,b,A\n1,2,3\n")), HasSubstr("same name as column 1"));
  EXPECT_THAT(inspect(csv_job(), file("Ä,ä\n1,2\n")), HasSubstr("same name"));
  EXPECT_THAT(inspect(csv_job(), file("a,\xE4\n1,2\n")), HasSubstr("UTF-8"));
  EXPECT_THAT(inspect(csv_job(), file("a,__ADIT_x\n1,2\n")), HasSubstr("reserved"));
  EXPECT_THAT(inspect(csv_job(), file("\n1,2\n")), HasSubstr("header"));
  EXPECT_THAT(inspect(csv_job(), file("\"a,b\n1,2\n")), HasSubstr("quote"));
}

TEST_F(Inspect, ANamelessColumnIsCalledByItsPlace) {
  EXPECT_EQ(inspect(csv_job({"column_1"}), file(",b\n1,2\n")), "fine");
  EXPECT_THAT(inspect(csv_job(), file("column_2,\n1,2\n")), HasSubstr("same name as column 1"));
}

TEST_F(Inspect, ParquetMustNameEachColumnOnce) {
  const auto refusal = [&](const std::string& select, const std::vector<std::string>& names,
                           std::vector<std::string> keys = {}) {
    return inspect(job("t", JobType::kDelta, std::move(keys)), renamed(parquet(select), names));
  };
  const std::string two = "SELECT 1 AS x, 'b' AS y";
  EXPECT_EQ(refusal(two, {"a", "b"}, {"B"}), "fine");
  EXPECT_EQ(refusal(two, {"a", "a_1"}), "fine") << "what the engine would call a second a";
  const auto same = refusal(two, {"a", "A"}, {"A"});
  EXPECT_EQ(same, inspect(csv_job({"A"}), file("a,A\n1,b\n"))) << "as of CSV";
  EXPECT_EQ(same,
            "The file's column 2, \"A\", has the same name as column 1; names are compared without regard to "
            "case. Rename one of them.");
  EXPECT_THAT(refusal(two, {"a", "a"}), HasSubstr("column 2, \"a\", has the same name as column 1"));
  EXPECT_THAT(refusal(two, {"Ä", "ä"}), HasSubstr("same name as column 1"));
  EXPECT_THAT(refusal(two, {"a", ""}), HasSubstr("column 2 has an empty name. Give it one."));
  EXPECT_THAT(refusal(two, {std::string("a\0b", 3), "c"}), HasSubstr("column 1 has a NUL character"));
  EXPECT_THAT(refusal(two, {"a", std::string("\0", 1)}, {"a"}), HasSubstr("column 2 has a NUL character"));
  EXPECT_THAT(refusal(two, {"a", "b\xE4"}), HasSubstr("column 2 has a name that is not valid UTF-8"));
  EXPECT_THAT(refusal(two, {"__ADIT_x", "b"}), HasSubstr("reserved"));
}

TEST_F(Inspect, NamesWithinNestedColumnsOfParquetMayBeAnything) {
  const std::string nested =
      "SELECT 1 AS x, {'x': 1, 'y': [{'x': 2, 'z': 3}]} AS y, MAP {'x': 1} AS z, [[1]] AS w, 2 AS v";
  EXPECT_EQ(inspect(job("t", JobType::kDelta, {"v"}), parquet(nested)), "fine");
  EXPECT_EQ(inspect(job("t"), renamed(parquet(nested), {"x", "a", "key", "element", "list"})), "fine");
  EXPECT_THAT(inspect(job("t"), renamed(parquet(nested), {"x", "y", "z", "w", "X"})),
              HasSubstr("column 5, \"X\", has the same name as column 1"));
}

TEST_F(Inspect, MissingKeyColumnsAreNamed) {
  const auto message = inspect(csv_job({"id", "b"}), file("a,b\n1,2\n"));
  EXPECT_THAT(message, HasSubstr("Internal error while validating the Parquet"));
  EXPECT_THAT(message, HasSubstr("\"id\""));
  EXPECT_THAT(message, HasSubstr("\"a\", \"b\""));
  EXPECT_THAT(inspect(job("t", JobType::kDelta, {"id"}), parquet("SELECT 1 AS a")),
              HasSubstr("Internal error while validating the Parquet"));
}

TEST_F(Inspect, KeysMatchWithoutRegardToCase) {
  EXPECT_EQ(inspect(csv_job({"ÄRZTE"}), file("ärzte\n1\n")), "fine");
}

TEST_F(Inspect, FilesOutsideOfTheChunksFolderAreOutOfReach) {
  const auto outside = folder_ / "outside.parquet";
  std::filesystem::rename(parquet("SELECT 1 AS a").path, outside);
  const auto looked = warehouse_->inspect(job("t").plan().stage, ChunkOperation::kUpsert, outside);
  EXPECT_FALSE(looked);
}

}  // namespace
}  // namespace adit
