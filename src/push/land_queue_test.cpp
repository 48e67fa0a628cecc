// What the lander does with pools that do not answer.
#include "push/silent_pool_fixture.h"

namespace adit {
namespace {

TEST_F(SilentPool, TakesNoThreadFromOtherPoolsAndItsJobsLandWhenItSpeaks) {
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < land_options_.landings_max; ++i)
    jobs.push_back(executed(pool_, "t" + std::to_string(i)));
  silent_->silence(pool_, ErrorKind::kUnavailable);
  landings_->start();
  wait_for_questions(static_cast<int>(2 * land_options_.landings_max));
  EXPECT_EQ(end_of(executed(other_, "t")), JobStatus::kDone);
  for (const auto& job : jobs) EXPECT_FALSE(is_final(status(job)));
  silent_->speak();
  for (const auto& job : jobs) EXPECT_EQ(end_of(job), JobStatus::kDone);
  EXPECT_EQ(count("t0"), "2");
}

TEST_F(SilentPool, ItsQueuedJobsKeepNoOtherPoolsFromBeingExecuted) {
  close();
  limits_.jobs_queued_max = 1;
  open();
  const auto late = staged(pool_, "u");
  executed(pool_, "t");
  EXPECT_EQ(push_->execute(pool_, late.id).error().kind, ErrorKind::kUnavailable);
  executed(other_, "t");
}

TEST_F(SilentPool, SeveralThatHangLeaveThreadsToOthers) {
  close();
  land_options_.landings_max = 4;
  open();
  const auto third = PoolId::random();
  ASSERT_TRUE(catalog_->insert_pool(
      {third, (*catalog_->find_team())->id, "Third", "", Uuid::random(), clock_.now()}));
  std::vector<Job> jobs;
  for (const auto pool : {pool_, third}) {
    silent_->hang(pool);
    for (int i = 0; i < 6; ++i) jobs.push_back(uploaded(pool, "t" + std::to_string(i)));
  }
  for (const auto& job : jobs) ASSERT_TRUE(push_->execute(job.pool, job.id));
  landings_->start();
  const auto running = [&] {
    return std::ranges::count_if(jobs, [&](const auto& job) { return status(job) == JobStatus::kRunning; });
  };
  for (int i = 0; i < 1000 && running() < 3; ++i) std::this_thread::sleep_for(10ms);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(end_of(executed(other_, "t")), JobStatus::kDone);
  EXPECT_EQ(running(), 3);
  silent_->speak();
  for (const auto& job : jobs) EXPECT_EQ(end_of(job), JobStatus::kDone);
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
