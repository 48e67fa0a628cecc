// The life of a push job.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "push/job_rules.h"
#include "push/push_fixture.h"

namespace adit {
namespace {

TEST_F(PushJob, LandsWhatWasUploaded) {
  const auto job = create("t");
  upload(job, "a\n1\n2\n");
  upload(job, "a\n3\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  landings_->start();
  EXPECT_EQ(wait(job), JobStatus::kDone);
  EXPECT_EQ(count("t"), "3");
  EXPECT_EQ(push_->get(pool_, job.id)->rows_landed, 3U);
}

/// A job that has landed, and whose process died before it could say so.
class LandedJob : public PushJob {
 protected:
  void land() {
    job_ = taken_by_a_process_that_dies();
    land_unnoticed();
  }
  /// As after a power cut that took the claim, which is written without waiting for the disk.
  void land_unclaimed() {
    job_ = create("t");
    upload(job_, "a\n1\n2\n");
    ASSERT_TRUE(push_->execute(pool_, job_.id));
    land_unnoticed();
  }
  void land_unnoticed() {
    ASSERT_TRUE(stages_->finish(job_, {}));
    ASSERT_TRUE(warehouse_->land(plan(), {}));
  }
  /// What was read of the chunk is written without waiting for the disk.
  void cut_power() {
    auto chunk = this->chunk();
    chunk.state = ChunkState::kStored;
    chunk.rows.reset();
    ASSERT_TRUE(catalog_->update_chunk(chunk, clock_.now()));
  }
  Chunk chunk() { return catalog_->list_chunks(job_.id)->front(); }
  LandPlan plan() {
    LandPlan plan{stage_plan(job_), {}};
    plan.chunks.push_back(*chunk_file(*store_, job_, chunk(), 0, Timestamp::max()));
    return plan;
  }

  Job job_;
};

TEST_F(LandedJob, SaysAgainAfterAPowerCutWhatWasReadOfItsChunks) {
  land();
  cut_power();
  EXPECT_EQ(status_after_restart(job_), JobStatus::kDone);
  EXPECT_EQ(chunk().state, ChunkState::kStaged);
  EXPECT_EQ(chunk().rows, 2U);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(LandedJob, LeavesNoStagedRowsOfWhatWasReadAgain) {
  warehouse_options_.held_chunk_bytes_max = 0;
  close();
  open();
  land();
  cut_power();
  EXPECT_EQ(status_after_restart(job_), JobStatus::kDone);
  EXPECT_TRUE(warehouse_->land(plan(), {}));
  EXPECT_EQ(count("t"), "2") << "staged rows would land a second time";
}

TEST_F(LandedJob, IsDoneWithoutLandingAgainWhereAPowerCutTookItsClaimToo) {
  land_unclaimed();
  cut_power();
  ASSERT_EQ(push_->get(pool_, job_.id)->claims, 0);
  EXPECT_EQ(status_after_restart(job_), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
  EXPECT_EQ(chunk().state, ChunkState::kStaged);
}

TEST_F(LandedJob, IsDoneAndNotCanceledWhenItIsCanceledAfterTheRestart) {
  land();
  close();
  open();
  ASSERT_TRUE(recover(*catalog_, *store_, *stages_, clock_));
  const auto asked = catalog_->request_cancel(job_.id, clock_.now());
  ASSERT_EQ(asked->status, JobStatus::kQueued);
  landings_->stop_canceled(*asked);
  landings_->start();
  EXPECT_EQ(wait(job_), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(LandedJob, IsDoneAndStaysSoWhenItIsDeletedAfterAPowerCut) {
  land_unclaimed();
  cut_power();
  close();
  open();
  landings_->start();
  ASSERT_TRUE(push_->remove(pool_, job_.id));
  EXPECT_EQ((*catalog_->find_job(pool_, job_.id, true))->status, JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(PushJob, QueuedAgainAndNotLandedIsCanceledAtOnceWhereverItStandsInItsLine) {
  const auto first = taken_by_a_process_that_dies();
  const auto second = create("t");
  upload(second, "a\n3\n");
  ASSERT_TRUE(push_->execute(pool_, second.id));
  close();
  open();
  ASSERT_TRUE(recover(*catalog_, *store_, *stages_, clock_));
  EXPECT_EQ(push_->cancel(pool_, second.id)->status, JobStatus::kCanceled);
  EXPECT_EQ(push_->cancel(pool_, first.id)->status, JobStatus::kCanceled);
  landings_->start();
  EXPECT_EQ(push_->get(pool_, first.id)->logs, std::vector<std::string>{"Canceled by request."});
}

TEST_F(PushJob, ExecutedTwiceIsAConflictAndLandsOnce) {
  const auto job = create("t");
  upload(job, "a\n1\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  EXPECT_EQ(push_->execute(pool_, job.id).error().kind, ErrorKind::kConflict);
  landings_->start();
  EXPECT_EQ(wait(job), JobStatus::kDone);
  EXPECT_EQ(push_->execute(pool_, job.id).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(count("t"), "1");
}

TEST_F(PushJob, CanceledWhileQueuedNeverLands) {
  const auto job = create("t");
  upload(job, "a\n1\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  EXPECT_EQ(push_->cancel(pool_, job.id)->status, JobStatus::kCanceled);
  const auto next = create("t");
  upload(next, "a\n2\n3\n");
  ASSERT_TRUE(push_->execute(pool_, next.id));
  landings_->start();
  EXPECT_EQ(wait(next), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(PushJob, AnUploadThatEndsAfterTheExecuteIsRefusedAndLeavesNothing) {
  const auto job = create("t");
  const auto first = upload(job, "a\n1\n");
  auto late = *push_->begin_upload(pool_, job.id, ChunkOperation::kUpsert);
  ASSERT_TRUE(late->begin_chunk());
  ASSERT_TRUE(late->write("a\n2\n"));
  ASSERT_TRUE(late->end_chunk());
  ASSERT_TRUE(push_->execute(pool_, job.id));
  EXPECT_EQ(late->finish().error().kind, ErrorKind::kConflict);
  late.reset();
  EXPECT_EQ(*store_->list(pool_, job.id), std::vector<ChunkId>{first});
}

TEST_F(PushJob, AnUploadWhoseJobIsCanceledMeanwhileIsAConflict) {
  const auto job = create("t");
  auto upload = *push_->begin_upload(pool_, job.id, ChunkOperation::kUpsert);
  ASSERT_TRUE(upload->begin_chunk());
  ASSERT_TRUE(upload->write("a\n1\n"));
  ASSERT_TRUE(push_->cancel(pool_, job.id));
  const auto ended = upload->end_chunk();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::kConflict) << ended.error().internal_detail;
}

TEST_F(PushJob, TakesNoChunkWhenTheDiskIsAlmostFull) {
  close();
  limits_.upload.free_bytes_min = ~0ULL;
  open();
  EXPECT_EQ(push_->begin_upload(pool_, create("t").id, ChunkOperation::kUpsert).error().kind,
            ErrorKind::kStorageFull);
}

TEST_F(PushJob, OfADeadProcessIsTakenAgainAndLandsOnce) {
  const auto job = taken_by_a_process_that_dies();
  EXPECT_EQ(status_after_restart(job), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(PushJob, ThatLandedBeforeItsProcessDiedIsDoneWithoutLandingAgain) {
  const auto job = taken_by_a_process_that_dies();
  LandPlan plan{stage_plan(job), {}};
  const auto chunks = *push_->chunks(pool_, job.id);
  plan.chunks.push_back(*chunk_file(*store_, job, chunks[0], 0, {}));
  ASSERT_TRUE(warehouse_->land(plan, {}));
  EXPECT_EQ(status_after_restart(job), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(PushJob, ChunksThatWereNotStagedAreStagedAtTheNextStart) {
  const auto job = create("t");
  upload(job, "a\n1\n");
  close();
  open();
  ASSERT_TRUE(recover(*catalog_, *store_, *stages_, clock_));
  ASSERT_TRUE(stages_->finish(job, {}));
  EXPECT_EQ(push_->chunks(pool_, job.id)->front().state, ChunkState::kStaged);
}

TEST_F(PushJob, IsNotExecutedWhileAsManyAsMayAreQueued) {
  close();
  limits_.jobs_queued_max = 2;
  open();
  std::vector<Job> jobs;
  for (int i = 0; i < 3; ++i) {
    jobs.push_back(create("t"));
    upload(jobs.back(), "a\n1\n");
  }
  ASSERT_TRUE(push_->execute(pool_, jobs[0].id));
  ASSERT_TRUE(push_->execute(pool_, jobs[1].id));
  EXPECT_EQ(push_->execute(pool_, jobs[2].id).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(push_->get(pool_, jobs[2].id)->status, JobStatus::kNew);
  EXPECT_EQ(push_->execute(pool_, jobs[0].id).error().kind, ErrorKind::kConflict)
      << "it is no question of room";
  landings_->start();
  EXPECT_EQ(wait(jobs[1]), JobStatus::kDone);
  ASSERT_TRUE(push_->execute(pool_, jobs[2].id));
  EXPECT_EQ(wait(jobs[2]), JobStatus::kDone);
  EXPECT_EQ(count("t"), "3");
}

TEST_F(PushJob, TakesNoChunkWhileAsManyAsMayWaitToBeRead) {
  const auto job = create("t");
  const auto chunk = upload(job, "a\n1\n");
  close();
  limits_.stages_waiting_max = 0;
  open();
  const auto refused = push_->begin_upload(pool_, job.id, ChunkOperation::kUpsert);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(has_file(job, chunk));
  EXPECT_EQ(push_->chunks(pool_, job.id)->size(), 1U);
}

TEST_F(PushJob, DeletedAfterItLandedKeepsItsChunksAndItsRows) {
  const auto job = create("t");
  const auto chunk = upload(job, "a\n1\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  landings_->start();
  ASSERT_EQ(wait(job), JobStatus::kDone);
  ASSERT_TRUE(push_->remove(pool_, job.id));
  EXPECT_EQ(push_->get(pool_, job.id).error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(has_file(job, chunk));
  EXPECT_EQ(count("t"), "1");
}

TEST_F(PushJob, DeletedBeforeItLandedLosesItsChunksAtOnce) {
  const auto job = create("t");
  const auto chunk = upload(job, "a\n1\n");
  ASSERT_TRUE(push_->remove(pool_, job.id));
  EXPECT_FALSE(has_file(job, chunk));
}

TEST_F(PushJob, WhosePoolFileIsLostIsLandedAgainFromItsChunks) {
  const auto first = create("t");
  upload(first, "a\n1\n2\n");
  const auto second = create("t");
  upload(second, "a\n3\n");
  landings_->start();
  ASSERT_TRUE(push_->execute(pool_, first.id));
  ASSERT_TRUE(push_->execute(pool_, second.id));
  ASSERT_EQ(wait(second), JobStatus::kDone);
  ASSERT_TRUE(push_->remove(pool_, first.id));
  close();
  std::filesystem::remove_all(folder_ / "pools");
  open();
  ASSERT_TRUE(warehouse_->tables(pool_));
  EXPECT_EQ(count("t"), "3");
}

/// A chunk of a DELTA that did not fit the table of its upload.
class FailedChunk : public PushJob {
 protected:
  void SetUp() override {
    PushJob::SetUp();
    landings_->start();
    replace("1");
    job_ = create("t");
    upload(job_, "id,amount\n2,abc\n");
    ASSERT_TRUE(stages_->finish(job_, {}));
    ASSERT_EQ(chunk().state, ChunkState::kFailed);
  }
  /// Also the type of the column.
  void replace(const std::string& amount) {
    const auto job = create("t", JobType::kReplace);
    upload(job, "id,amount\n1," + amount + "\n");
    ASSERT_TRUE(push_->execute(pool_, job.id));
    ASSERT_EQ(wait(job), JobStatus::kDone);
  }
  JobStatus end() {
    EXPECT_TRUE(push_->execute(pool_, job_.id));
    return wait(job_);
  }
  Chunk chunk() { return catalog_->list_chunks(job_.id)->front(); }
  std::string logs() { return push_->get(pool_, job_.id)->logs.back(); }

  Job job_;
};

TEST_F(FailedChunk, LandsWhereItFitsTheTableThatItLandsIn) {
  replace("hello");
  EXPECT_EQ(end(), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
  EXPECT_EQ(chunk().state, ChunkState::kStaged);
  EXPECT_EQ(chunk().rows, 1U);
  EXPECT_TRUE(chunk().errors.empty());
}

TEST_F(FailedChunk, LandsWithThoseThatFittedBothTables) {
  warehouse_options_.held_chunk_bytes_max = 0;
  close();
  open();
  landings_->start();
  job_ = create("t");
  for (const std::string row : {"2,3", "4,abc", "5,6", "7,def"}) upload(job_, "id,amount\n" + row + "\n");
  ASSERT_TRUE(stages_->finish(job_, {}));
  replace("hello");
  EXPECT_EQ(end(), JobStatus::kDone);
  EXPECT_EQ(count("t"), "5");
  for (const auto& chunk : *catalog_->list_chunks(job_.id)) EXPECT_EQ(chunk.state, ChunkState::kStaged);
}

TEST_F(FailedChunk, SaysWhatDoesNotFitTheTableThatItLandsIn) {
  EXPECT_THAT(chunk().errors.front().message, testing::HasSubstr("INTEGER"));
  replace("2024-02-29");
  EXPECT_EQ(end(), JobStatus::kError);
  EXPECT_THAT(logs(), testing::HasSubstr("exactly as DATE"));
  EXPECT_EQ(chunk().state, ChunkState::kFailed);
  EXPECT_THAT(chunk().errors.front().message, testing::HasSubstr("exactly as DATE"));
}

TEST_F(FailedChunk, IsNotReadAgainWhereThatIsNoMatterOfTheTable) {
  auto damaged = chunk();
  for (auto& error : damaged.errors) error.column.reset();
  ASSERT_TRUE(catalog_->update_chunk(damaged, clock_.now()));
  replace("hello");
  EXPECT_EQ(end(), JobStatus::kError);
  EXPECT_EQ(chunk().errors, damaged.errors);
}

TEST(JobRules, NameEveryFieldThatCannotBe) {
  JobSpec spec;
  spec.target_name = "t";
  EXPECT_TRUE(check_job_spec(spec));
  for (const std::string good : {"../x", "a\"b", "DROP TABLE t; --", "🙂", "Straße"}) {
    spec.target_name = good;
    EXPECT_TRUE(check_job_spec(spec)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("a\0b", 3), std::string("__ADIT_x"), std::string("\xff")}) {
    spec.target_name = bad;
    const auto checked = check_job_spec(spec);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().fields.front().attribute, "targetName");
  }
  spec.target_name = "t";
  spec.keys = {"Ä", "ä"};
  EXPECT_EQ(check_job_spec(spec).error().fields.front().attribute, "keys");
}

TEST(JobRules, TheChangeDateIsNoKey) {
  JobSpec spec;
  spec.target_name = "t";
  spec.keys = {"id", "_Celonis_Change_Date"};
  auto checked = check_job_spec(spec);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().fields.front().attribute, "keys");
  EXPECT_NE(checked.error().public_message.find("_Celonis_Change_Date"), std::string::npos);
  spec.keys.clear();
  spec.table_schema =
      TableSchema{.table_name = {}, .columns = {{"_CELONIS_CHANGE_DATE", ColumnType::kDateTime}}};
  EXPECT_TRUE(check_job_spec(spec));
  spec.table_schema->columns.front().primary_key = true;
  checked = check_job_spec(spec);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().fields.front().attribute, "tableSchema.columns");
}

TEST(SettledChunks, AreTheNumberedOnesUpToTheFirstGapOrAllWithoutNumbers) {
  const auto count = [](std::initializer_list<std::optional<std::int64_t>> numbers) {
    std::vector<Chunk> chunks;
    for (const auto& number : numbers) chunks.emplace_back().sequence = number;
    return count_settled(chunks);
  };
  EXPECT_EQ(count({}), 0u);
  EXPECT_EQ(count({std::nullopt, std::nullopt}), 2u);
  EXPECT_EQ(count({0, 1, 2}), 3u);
  EXPECT_EQ(count({1, 2, 4}), 2u);
  EXPECT_EQ(count({2, 3}), 0u);
  EXPECT_EQ(count({1, std::nullopt}), 1u);
}

}  // namespace
}  // namespace adit
