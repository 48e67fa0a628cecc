// Values on their way between two processes.
#include "warehouse/host/wire.h"

#include <gtest/gtest.h>

#include "warehouse/host/messages.h"

namespace adit {
namespace {

LandPlan full_plan() {
  LandPlan plan;
  plan.stage = {PoolId::random(), JobId::random(), {}, from_epoch_ms(1'600'000'000'000)};
  auto& spec = plan.stage.spec;
  spec.target_name = std::string("t\0\"", 3);
  spec.connection = DataSourceId::random();
  spec.schema = "s";
  spec.target_schema = "S";
  spec.type = JobType::kReplace;
  spec.file_type = FileType::kCsv;
  spec.keys = {"a", ""};
  spec.table_schema = TableSchema{.table_name = "x", .columns = {{"c", ColumnType::kFloat, 5, 2, true}}};
  spec.csv = {";", "'", "\\"};
  spec.upsert_strategy = UpsertStrategy::kNullification;
  spec.change_date = from_epoch_ms(-1);
  spec.fallback_varchar_length = 7;
  spec.foreign_keys = "f";
  spec.change = TableChange{TableChangeKind::kTruncate, "p"};
  spec.allow_duplicate = true;
  spec.duplicate_removal_column = "d";
  spec.mirror_target_names = {"m"};
  spec.post_execution_query = "q";
  plan.chunks = {{ChunkId::random(), 3, ChunkOperation::kDelete, "/a/b"}};
  return plan;
}

TEST(Wire, APlanArrivesAsItWasSent) {
  const auto plan = full_plan();
  const auto arrived = from_wire<LandPlan>(to_wire(plan));
  ASSERT_TRUE(arrived);
  EXPECT_EQ(to_wire(*arrived), to_wire(plan));
  const auto& spec = arrived->stage.spec;
  EXPECT_EQ(arrived->stage.job, plan.stage.job);
  EXPECT_EQ(spec.target_name, plan.stage.spec.target_name);
  EXPECT_EQ(spec.connection, plan.stage.spec.connection);
  EXPECT_EQ(spec.target(), plan.stage.spec.target());
  EXPECT_EQ(spec.target_schema, plan.stage.spec.target_schema);
  EXPECT_EQ(spec.keys, plan.stage.spec.keys);
  EXPECT_EQ(spec.table_schema, plan.stage.spec.table_schema);
  EXPECT_EQ(spec.csv, plan.stage.spec.csv);
  EXPECT_EQ(spec.change_date, plan.stage.spec.change_date);
  EXPECT_EQ(spec.change->kind, TableChangeKind::kTruncate);
  EXPECT_EQ(spec.mirror_target_names, plan.stage.spec.mirror_target_names);
  EXPECT_EQ(arrived->chunks[0].path, "/a/b");
  EXPECT_EQ(arrived->chunks[0].operation, ChunkOperation::kDelete);
}

TEST(Wire, RowsArriveAsTheyWereSent) {
  using Rows = NextRowsRequest::Answer;
  const Rows sent{
      .rows = {{Cell(), Cell(true), Cell(std::int64_t{-5}), Cell(0.5), Cell(std::string("x"))}, {}},
      .truncated = true};
  const auto arrived = read_answer<Rows>(answer_bytes<Rows>(sent));
  ASSERT_TRUE(arrived);
  EXPECT_EQ(arrived->rows, sent.rows);
  EXPECT_TRUE(arrived->truncated);
}

TEST(Wire, ColumnsArriveAsTheyWereSent) {
  const std::vector<ColumnInfo> sent{{"a", "BIGINT", 4}};
  const auto arrived = read_answer<std::vector<ColumnInfo>>(answer_bytes<std::vector<ColumnInfo>>(sent));
  ASSERT_TRUE(arrived);
  EXPECT_EQ(*arrived, sent);
}

TEST(Wire, AnErrorArrivesAsItWasSent) {
  const Error error{ErrorKind::kStorageFull, "public", "detail", {{"a", "b"}}};
  const auto arrived = read_answer<Landing>(answer_bytes<Landing>(error));
  ASSERT_FALSE(arrived);
  EXPECT_EQ(arrived.error().kind, ErrorKind::kStorageFull);
  EXPECT_EQ(arrived.error().public_message, "public");
  EXPECT_EQ(arrived.error().internal_detail, "detail");
  EXPECT_EQ(arrived.error().fields[0].message, "b");
}

TEST(Wire, WhatIsCutOrTooLongIsNoValue) {
  const auto bytes = to_wire(full_plan());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(from_wire<LandPlan>(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(from_wire<LandPlan>(bytes + "x"));
}

TEST(Wire, LengthsAreNotBelieved) {
  EXPECT_FALSE(from_wire<std::string>(to_wire(std::uint64_t{1} << 60)));
  EXPECT_FALSE(from_wire<std::vector<Cell>>(to_wire(std::uint64_t{1} << 60)));
  EXPECT_FALSE(
      from_wire<std::vector<Cell>>(to_wire(kWireElementsMax + 1) + std::string(kWireElementsMax + 1, '\0')));
}

TEST(Wire, UnknownWordsAreNotTaken) {
  EXPECT_TRUE(from_wire<ErrorKind>(std::string(1, static_cast<char>(ErrorKind::kInternal))));
  EXPECT_FALSE(from_wire<ErrorKind>(std::string(1, static_cast<char>(ErrorKind::kInternal) + 1)));
  EXPECT_FALSE(from_wire<bool>("\2"));
  EXPECT_FALSE(from_wire<Cell>("\5"));
}

}  // namespace
}  // namespace adit
