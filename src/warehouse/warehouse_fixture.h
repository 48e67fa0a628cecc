// A warehouse in a temporary folder, and jobs in few words.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "warehouse/duckdb/engine.h"
#include "warehouse/rows_fixture.h"
#include "warehouse/warehouse.h"

namespace adit {

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return from_epoch_ms(1'700'000'000'000); }
};

/// One job under construction: `job.csv("a,b\n1,2\n").land()`.
class TestJob;

/// Of jobs that have landed one after the other. They are told a few at a time.
inline LandingBook book_of(std::vector<LandPlan> plans) {
  constexpr std::size_t kAtATime = 2;
  const auto kept = std::make_shared<const std::vector<LandPlan>>(std::move(plans));
  const auto landed = [kept](PoolId, std::int64_t after) {
    std::vector<JobPlace> places;
    for (auto i = static_cast<std::size_t>(after); i < kept->size() && places.size() < kAtATime; ++i)
      places.push_back({static_cast<std::int64_t>(i) + 1, (*kept)[i].stage.job});
    return Result(std::move(places));
  };
  const auto plan = [kept](PoolId, JobId job) {
    const auto found = std::ranges::find(*kept, job, [](const auto& one) { return one.stage.job; });
    return Result(found == kept->end() ? std::nullopt : std::optional(*found));
  };
  return {landed, plan};
}

class WarehouseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("adit-warehouse-" + Uuid::random().to_string());
    std::filesystem::create_directories(folder_ / "chunks");
    open();
  }
  void TearDown() override {
    warehouse_.reset();
    std::filesystem::remove_all(folder_);
  }

  WarehouseOptions options() const {
    WarehouseOptions options;
    options.root = folder_ / "pools";
    options.chunks_root = folder_ / "chunks";
    // The tests' chunks are small: a second run of all of them sends them through staging tables.
    if (std::getenv("ADIT_TEST_STAGING_TABLES") != nullptr) options.held_chunk_bytes_max = 0;
    return options;
  }
  /// Another run of all tests has the engine of each pool in a process of its own (warehouse_test_main.cpp).
  virtual bool in_processes_of_their_own() const { return std::getenv("ADIT_TEST_ENGINE_HOSTS") != nullptr; }
  virtual HostOptions hosts() const { return {}; }
  void open(LandingBook book = {}) { open(options(), std::move(book)); }
  void open(const WarehouseOptions& with, LandingBook book = {}) {
    warehouse_.reset();
    auto opened = in_processes_of_their_own()
                      ? open_hosted_warehouse(with, hosts(), std::move(book), clock_, metrics_)
                      : open_duckdb_warehouse(with, std::move(book), clock_, metrics_);
    ASSERT_TRUE(opened) << opened.error().internal_detail;
    warehouse_ = std::move(*opened);
  }

  /// Rows as `a|b|c`, nulls as `NULL`, by the SQL given; own connection to the file would not see an open
  /// one's log.
  std::vector<std::string> rows(const std::string& sql) {
    std::vector<std::string> lines;
    auto result = all_rows(*warehouse_, pool_, {.sql = sql});
    if (!result) return {"error: " + result.error().public_message + " " + result.error().internal_detail};
    for (const auto& row : result->rows) {
      std::string line;
      for (const auto& cell : row) line += (line.empty() ? "" : "|") + text(cell);
      lines.push_back(line);
    }
    return lines;
  }
  static std::string text(const Cell& cell) {
    if (std::holds_alternative<std::monostate>(cell)) return "NULL";
    if (const auto* value = std::get_if<bool>(&cell)) return *value ? "true" : "false";
    if (const auto* value = std::get_if<std::int64_t>(&cell)) return std::to_string(*value);
    if (const auto* value = std::get_if<double>(&cell)) {
      auto digits = std::to_string(*value);
      while (digits.ends_with('0')) digits.pop_back();
      return digits.ends_with('.') ? digits + "0" : digits;
    }
    const auto& value = std::get<std::string>(cell);
    return value.empty() ? "''" : value;
  }

  /// `name TYPE, name TYPE` without the change date.
  std::string columns(const std::string& table) {
    auto columns = warehouse_->columns(pool_, {.name = table});
    if (!columns) return "error: " + columns.error().public_message;
    std::string list;
    for (const auto& column : *columns) {
      if (column.name != "_CELONIS_CHANGE_DATE")
        list += (list.empty() ? "" : ", ") + column.name + " " + column.type;
    }
    return list;
  }

  ChunkFile file(std::string_view content, ChunkOperation operation = ChunkOperation::kUpsert,
                 std::int64_t position = 0) {
    ChunkFile chunk{ChunkId::random(), position, operation, {}};
    chunk.path = folder_ / "chunks" / chunk.id.to_string();
    std::ofstream(chunk.path, std::ios::binary) << content;
    return chunk;
  }
  /// A Parquet file with the rows of `sql`, made by the engine.
  ChunkFile parquet(const std::string& sql, ChunkOperation operation = ChunkOperation::kUpsert,
                    std::int64_t position = 0) {
    ChunkFile chunk{ChunkId::random(), position, operation, {}};
    chunk.path = folder_ / "chunks" / chunk.id.to_string();
    auto database = Database::open(":memory:", {});
    auto connection = database->connect();
    const auto made =
        try_run(*connection, "COPY (" + sql + ") TO '" + chunk.path.string() + "' (FORMAT parquet)");
    EXPECT_TRUE(made) << made.error().message;
    return chunk;
  }

  TestJob job(const std::string& table, JobType type = JobType::kReplace, std::vector<std::string> keys = {});

  const PoolId pool_ = PoolId::random();
  std::filesystem::path folder_;
  FixedClock clock_;
  Metrics metrics_;
  std::unique_ptr<Warehouse> warehouse_;

  friend class TestJob;
};

class TestJob {
 public:
  TestJob(WarehouseTest& test, const std::string& table, JobType type, std::vector<std::string> keys)
      : test_(test) {
    plan_.stage.pool = test.pool_;
    plan_.stage.job = JobId::random();
    plan_.stage.spec.target_name = table;
    plan_.stage.spec.type = type;
    plan_.stage.spec.keys = std::move(keys);
    plan_.stage.change_date = from_epoch_ms(1'600'000'000'000);
  }

  JobSpec& spec() { return plan_.stage.spec; }
  const LandPlan& plan() const { return plan_; }
  TestJob& declare(std::vector<ColumnSchema> columns) {
    spec().table_schema = TableSchema{.table_name = {}, .columns = std::move(columns)};
    return *this;
  }
  TestJob& csv(std::string_view content, ChunkOperation operation = ChunkOperation::kUpsert) {
    spec().file_type = FileType::kCsv;
    plan_.chunks.push_back(test_.file(content, operation, next()));
    return *this;
  }
  TestJob& parquet(const std::string& sql, ChunkOperation operation = ChunkOperation::kUpsert) {
    spec().file_type = FileType::kParquet;
    plan_.chunks.push_back(test_.parquet(sql, operation, next()));
    return *this;
  }
  /// A file of tests/data.
  TestJob& parquet_file(const std::string& name) {
    spec().file_type = FileType::kParquet;
    auto bytes = read_file(std::filesystem::path(ADIT_TEST_DATA) / name, 1 << 20);
    EXPECT_TRUE(bytes) << name;
    if (bytes) plan_.chunks.push_back(test_.file(*bytes, ChunkOperation::kUpsert, next()));
    return *this;
  }
  /// Stages the chunks one by one and lands. The test fails if that does not work.
  TestJob& land() {
    for (const auto& chunk : plan_.chunks) {
      const auto staged = test_.warehouse_->stage(plan_.stage, chunk, {});
      EXPECT_TRUE(staged) << staged.error().public_message << " " << staged.error().internal_detail;
      if (!staged) return *this;
      for (const auto& error : staged->errors) ADD_FAILURE() << error.message;
    }
    auto landing = test_.warehouse_->land(plan_, {});
    EXPECT_TRUE(landing) << landing.error().public_message << " " << landing.error().internal_detail;
    if (landing) landing_ = std::move(*landing);
    return *this;
  }
  Result<StagedChunk> stage_last() { return test_.warehouse_->stage(plan_.stage, plan_.chunks.back(), {}); }
  /// The data errors of the last chunk; the chunks before it must be good.
  std::vector<DataError> errors() {
    std::vector<DataError> errors;
    for (const auto& chunk : plan_.chunks) {
      auto staged = test_.warehouse_->stage(plan_.stage, chunk, {});
      EXPECT_TRUE(staged) << staged.error().public_message << " " << staged.error().internal_detail;
      if (staged) errors = std::move(staged->errors);
    }
    return errors;
  }
  std::string first_error() {
    const auto all = errors();
    return all.empty() ? "no error" : all.front().message;
  }
  const Landing& landing() const { return landing_; }

 private:
  std::int64_t next() const { return static_cast<std::int64_t>(plan_.chunks.size()); }

  WarehouseTest& test_;
  LandPlan plan_;
  Landing landing_;
};

inline TestJob WarehouseTest::job(const std::string& table, JobType type, std::vector<std::string> keys) {
  return {*this, table, type, std::move(keys)};
}

}  // namespace adit
