// What the lander does with pools that do not answer.
#include <atomic>
#include <map>
#include <utility>

#include "base/guarded.h"
#include "push/push_fixture.h"

namespace adit {
namespace {

/// A warehouse with pools that do not answer: their work fails for want of an engine, and the question
/// whether a job has landed with an error of the test's choice.
class SilentWarehouse final : public Warehouse {
 public:
  explicit SilentWarehouse(std::unique_ptr<Warehouse> warehouse) : warehouse_(std::move(warehouse)) {}

  void silence(PoolId pool, ErrorKind question) { silent_.lock()->insert_or_assign(pool, question); }
  void speak() { silent_.lock()->clear(); }
  int questions() const { return questions_; }

  Result<std::vector<ColumnInfo>> inspect(const StagePlan& plan, ChunkOperation operation,
                                          const std::filesystem::path& file) override {
    return warehouse_->inspect(plan, operation, file);
  }
  Result<StagedChunk> stage(const StagePlan& plan, const ChunkFile& chunk, std::stop_token stop) override {
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
  std::atomic<int> questions_ = 0;
};

class SilentPool : public PushJob {
 protected:
  void SetUp() override {
    land_options_.retry_delay = 5ms;
    land_options_.silence_min = 10ms;
    land_options_.silence_max = 40ms;
    around_warehouse_ = [this](std::unique_ptr<Warehouse> warehouse) {
      auto silent = std::make_unique<SilentWarehouse>(std::move(warehouse));
      silent_ = silent.get();
      return silent;
    };
    PushJob::SetUp();
  }

  Job staged(PoolId pool, const std::string& table) {
    JobSpec spec;
    spec.target_name = table;
    spec.file_type = FileType::kCsv;
    auto job = *push_->create(pool, spec);
    auto upload = *push_->begin_upload(pool, job.id, ChunkOperation::kUpsert);
    EXPECT_TRUE(upload->begin_chunk());
    EXPECT_TRUE(upload->write("a\n1\n2\n"));
    EXPECT_TRUE(upload->end_chunk());
    EXPECT_TRUE(upload->finish());
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

  SilentWarehouse* silent_ = nullptr;
};

TEST_F(SilentPool, TakesNoThreadFromOtherPoolsAndItsJobsLandWhenItSpeaks) {
  const auto other = PoolId::random();
  ASSERT_TRUE(catalog_->insert_pool(
      {other, (*catalog_->find_team())->id, "Other", "", Uuid::random(), clock_.now()}));
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < land_options_.landings_max; ++i)
    jobs.push_back(executed(pool_, "t" + std::to_string(i)));
  silent_->silence(pool_, ErrorKind::kUnavailable);
  landings_->start();
  wait_for_questions(static_cast<int>(2 * land_options_.landings_max));
  EXPECT_EQ(end_of(executed(other, "t")), JobStatus::kDone);
  for (const auto& job : jobs) EXPECT_EQ(status(job), JobStatus::kRunning);
  silent_->speak();
  for (const auto& job : jobs) EXPECT_EQ(end_of(job), JobStatus::kDone);
  EXPECT_EQ(count("t0"), "2");
}

TEST_F(SilentPool, WhateverItSaysInsteadOfAnAnswerIsNoOutcomeOfALandedJob) {
  const auto job = executed(pool_, "t");
  LandPlan plan{stage_plan(job), {}};
  plan.chunks.push_back(*chunk_file(*store_, job, catalog_->list_chunks(job.id)->front(), 0, {}));
  ASSERT_TRUE(warehouse_->land(plan, {}));
  close();
  open();
  silent_->silence(pool_, ErrorKind::kInternal);
  expect_done_when_it_speaks(job);
}

TEST_F(SilentPool, WhateverItSaysAfterALandingThatFailedIsNoOutcomeEither) {
  const auto job = executed(pool_, "t");
  silent_->silence(pool_, ErrorKind::kStorageFull);
  expect_done_when_it_speaks(job);
}

TEST_F(SilentPool, AJobThatWaitsForItIsCanceledWhenItSpeaks) {
  const auto job = executed(pool_, "t");
  silent_->silence(pool_, ErrorKind::kUnavailable);
  landings_->start();
  wait_for_questions(8);
  const auto asked = *catalog_->request_cancel(job.id, clock_.now());
  landings_->stop_canceled(asked);
  wait_for_questions(4);
  EXPECT_FALSE(is_final(status(job)));
  silent_->speak();
  EXPECT_EQ(end_of(job), JobStatus::kCanceled);
}

TEST_F(SilentPool, AJobThatHasNotBeenTriedIsCanceledWithoutItsAnswer) {
  const auto tried = executed(pool_, "t");
  const auto late = staged(pool_, "u");
  silent_->silence(pool_, ErrorKind::kUnavailable);
  landings_->start();
  wait_for_questions(8);
  ASSERT_TRUE(push_->execute(pool_, late.id));
  for (int i = 0; i < 3000 && status(late) != JobStatus::kRunning; ++i) std::this_thread::sleep_for(10ms);
  const auto ended = push_->cancel(pool_, late.id);
  ASSERT_TRUE(ended) << ended.error().public_message;
  EXPECT_EQ(ended->status, JobStatus::kCanceled);
  EXPECT_EQ(status(tried), JobStatus::kRunning);
  silent_->speak();
  EXPECT_EQ(end_of(tried), JobStatus::kDone);
}

TEST_F(SilentPool, JobsThatWaitForItAreQueuedWhenTheServerStops) {
  const auto job = executed(pool_, "t");
  silent_->silence(pool_, ErrorKind::kUnavailable);
  landings_->start();
  wait_for_questions(8);
  landings_->stop();
  EXPECT_EQ(status(job), JobStatus::kQueued);
  EXPECT_EQ(status_after_restart(job), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
}

}  // namespace
}  // namespace adit
