// What is refused before an upload is acknowledged.
#include <gmock/gmock.h>

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
