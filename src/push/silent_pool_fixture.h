// SilentPool: the fixture of tests of pools whose engines do not answer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "push/push_fixture.h"

namespace adit {

/// A warehouse with pools that do not answer: their work fails for want of an engine, and the question
/// whether a job has landed with an error of the test's choice. Or they hang: a stage has no end.
class SilentWarehouse final : public Warehouse {
 public:
  explicit SilentWarehouse(std::unique_ptr<Warehouse> warehouse) : warehouse_(std::move(warehouse)) {}

  void silence(PoolId pool, ErrorKind question) { silent_.lock()->insert_or_assign(pool, question); }
  void hang(PoolId pool) { hanging_.lock()->insert(pool); }
  void speak() {
    silent_.lock()->clear();
    hanging_.lock()->clear();
    spoken_.notify_all();
  }
  int questions() const { return questions_; }
  /// How often a stage was asked for.
  int stages() const { return stages_; }

  Result<std::vector<ColumnInfo>> inspect(const StagePlan& plan, ChunkOperation operation,
                                          const std::filesystem::path& file) override {
    return warehouse_->inspect(plan, operation, file);
  }
  Result<StagedChunk> stage(const StagePlan& plan, const ChunkFile& chunk, std::stop_token stop) override {
    ++stages_;
    {
      auto hanging = hanging_.lock();
      spoken_.wait(hanging.unique_lock(), stop, [&] { return !hanging->contains(plan.pool); });
    }
    if (is_silent(plan.pool)) return gone();
    return warehouse_->stage(plan, chunk, std::move(stop));
  }
  Result<Landing> land(const LandPlan& plan, std::stop_token stop) override {
    if (is_silent(plan.stage.pool)) return gone();
    return warehouse_->land(plan, std::move(stop));
  }
  Result<void> check_change(PoolId pool, const TableName& table, const TableChange& change) override {
    return warehouse_->check_change(pool, table, change);
  }
  Result<void> check_post_execution_query(const JobSpec& spec) override {
    return warehouse_->check_post_execution_query(spec);
  }
  Result<void> discard(PoolId pool, JobId job) override {
    if (is_silent(pool)) return gone();
    return warehouse_->discard(pool, job);
  }
  Result<std::optional<Landing>> landed(PoolId pool, JobId job) override {
    ++questions_;
    {
      auto silent = silent_.lock();
      if (const auto found = silent->find(pool); found != silent->end())
        return Error{found->second, "No answer."};
    }
    return warehouse_->landed(pool, job);
  }
  Result<void> checkpoint(PoolId pool) override { return warehouse_->checkpoint(pool); }
  Result<std::optional<std::uint64_t>> table_bytes(PoolId pool, Opening opening) override {
    return warehouse_->table_bytes(pool, opening);
  }
  Result<std::unique_ptr<FilesHold>> hold_files(PoolId pool) override { return warehouse_->hold_files(pool); }
  Result<std::vector<TableInfo>> tables(PoolId pool) override { return warehouse_->tables(pool); }
  Result<std::vector<ColumnInfo>> columns(PoolId pool, const TableName& table) override {
    return warehouse_->columns(pool, table);
  }
  Result<void> drop_schema(PoolId pool, const std::string& schema) override {
    return warehouse_->drop_schema(pool, schema);
  }
  Result<std::unique_ptr<RowStream>> open_query(PoolId pool, const QueryRequest& request,
                                                std::stop_token stop) override {
    return warehouse_->open_query(pool, request, std::move(stop));
  }
  Result<ParquetResult> query_parquet(PoolId pool, const QueryRequest& request,
                                      std::stop_token stop) override {
    return warehouse_->query_parquet(pool, request, std::move(stop));
  }
  Result<void> remove_pool(PoolId pool) override { return warehouse_->remove_pool(pool); }
  std::optional<double> progress(JobId job) const override { return warehouse_->progress(job); }
  void close() override { warehouse_->close(); }

 private:
  bool is_silent(PoolId pool) const { return silent_.lock()->contains(pool); }
  static Error gone() { return {ErrorKind::kUnavailable, "The engine is gone."}; }

  const std::unique_ptr<Warehouse> warehouse_;
  Guarded<std::map<PoolId, ErrorKind>> silent_;
  Guarded<std::set<PoolId>> hanging_;
  std::condition_variable_any spoken_;
  std::atomic<int> questions_ = 0;
  std::atomic<int> stages_ = 0;
};

class SilentPool : public PushJob {
 protected:
  void SetUp() override {
    land_options_.retry_delay = 5ms;
    land_options_.silence_min = 10ms;
    land_options_.silence_max = 40ms;
    stage_options_.retry_delay = 5ms;
    stage_options_.silence_min = 10ms;
    stage_options_.silence_max = 40ms;
    around_warehouse_ = [this](std::unique_ptr<Warehouse> warehouse) {
      auto silent = std::make_unique<SilentWarehouse>(std::move(warehouse));
      silent_ = silent.get();
      return silent;
    };
    PushJob::SetUp();
    ASSERT_TRUE(catalog_->insert_pool(
        {other_, (*catalog_->find_team())->id, "Other", "", Uuid::random(), clock_.now()}));
  }

  Job uploaded(PoolId pool, const std::string& table) {
    JobSpec spec;
    spec.target_name = table;
    spec.file_type = FileType::kCsv;
    auto job = *push_->create(pool, spec);
    auto upload = *push_->begin_upload(pool, job.id, ChunkOperation::kUpsert);
    EXPECT_TRUE(upload->begin_chunk());
    EXPECT_TRUE(upload->write("a\n1\n2\n"));
    EXPECT_TRUE(upload->end_chunk());
    EXPECT_TRUE(upload->finish());
    return job;
  }
  Job staged(PoolId pool, const std::string& table) {
    auto job = uploaded(pool, table);
    EXPECT_TRUE(stages_->finish(job, {}));
    return job;
  }
  Job executed(PoolId pool, const std::string& table) {
    auto job = staged(pool, table);
    EXPECT_TRUE(push_->execute(pool, job.id));
    return job;
  }

  void wait_for_questions(int more) {
    const auto enough = silent_->questions() + more;
    for (int i = 0; i < 3000 && silent_->questions() < enough; ++i) std::this_thread::sleep_for(10ms);
    ASSERT_GE(silent_->questions(), enough);
  }

  JobStatus status(const Job& job) { return (*catalog_->find_job(job.pool, job.id))->status; }

  /// NEW where it does not end.
  JobStatus end_of(const Job& job) {
    const auto ended = landings_->wait_final(job.pool, job.id, 10s);
    return ended ? ended->status : JobStatus::kNew;
  }

  /// What the pool says until then must be no outcome.
  void expect_done_when_it_speaks(const Job& job) {
    landings_->start();
    wait_for_questions(8);
    EXPECT_FALSE(is_final(status(job)));
    silent_->speak();
    EXPECT_EQ(end_of(job), JobStatus::kDone);
    EXPECT_EQ(count("t"), "2");
  }

  const PoolId other_ = PoolId::random();
  SilentWarehouse* silent_ = nullptr;
};

}  // namespace adit
