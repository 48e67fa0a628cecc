// What the stagers do with pools that hang or do not answer.
#include "push/silent_pool_fixture.h"

namespace adit {
namespace {

class StagesOfASilentPool : public SilentPool {
 protected:
  Chunk chunk(const Job& job) { return catalog_->list_chunks(job.id)->front(); }
  bool comes_to_be_staged(const Job& job) {
    for (int i = 0; i < 1000 && chunk(job).state != ChunkState::kStaged; ++i)
      std::this_thread::sleep_for(10ms);
    return chunk(job).state == ChunkState::kStaged;
  }
  void wait_for_stages(int enough) {
    for (int i = 0; i < 1000 && silent_->stages() < enough; ++i) std::this_thread::sleep_for(10ms);
    ASSERT_GE(silent_->stages(), enough);
  }
  std::vector<Job> uploaded_to(PoolId pool, std::size_t jobs) {
    std::vector<Job> uploads;
    for (std::size_t i = 0; i < jobs; ++i) uploads.push_back(uploaded(pool, "t" + std::to_string(i)));
    return uploads;
  }
};

TEST_F(StagesOfASilentPool, ThatHangsLeaveAThreadToOtherPools) {
  silent_->hang(pool_);
  const auto hanging = uploaded_to(pool_, 8);
  wait_for_stages(3);
  EXPECT_TRUE(comes_to_be_staged(uploaded(other_, "t")));
  for (const auto& job : hanging) EXPECT_EQ(chunk(job).state, ChunkState::kStored);
  silent_->speak();
  for (const auto& job : hanging) EXPECT_TRUE(comes_to_be_staged(job));
}

TEST_F(StagesOfASilentPool, ThatAreLargeAndHangLeaveAPlaceToOtherPools) {
  close();
  stage_options_.big_chunk_bytes_min = 1;
  open();
  silent_->hang(pool_);
  const auto hanging = uploaded_to(pool_, 4);
  wait_for_stages(2);
  EXPECT_TRUE(comes_to_be_staged(uploaded(other_, "t")));
  EXPECT_EQ(silent_->stages(), 3) << "the pool has no more than the places of before";
  landings_->start();
  EXPECT_EQ(end_of(executed(other_, "u")), JobStatus::kDone) << "which finds a place by itself";
  silent_->speak();
  for (const auto& job : hanging) EXPECT_TRUE(comes_to_be_staged(job));
}

TEST_F(StagesOfASilentPool, AreAskedForOneAtATimeAndNoneIsLost) {
  silent_->silence(pool_, ErrorKind::kUnavailable);
  const auto waiting = uploaded_to(pool_, 8);
  wait_for_stages(20);
  EXPECT_TRUE(comes_to_be_staged(uploaded(other_, "t")));
  EXPECT_EQ(stages_->waiting(pool_), 8U);
  silent_->hang(pool_);
  wait_for_stages(silent_->stages() + 1);
  const auto asked = silent_->stages();
  std::this_thread::sleep_for(2 * stage_options_.silence_max);
  EXPECT_EQ(silent_->stages(), asked) << "beside one that hangs none is tried";
  silent_->speak();
  for (const auto& job : waiting) EXPECT_TRUE(comes_to_be_staged(job));
}

TEST_F(StagesOfASilentPool, KeepNoUploadOutOfOtherPools) {
  close();
  limits_.stages_waiting_max = 1;
  open();
  silent_->hang(pool_);
  const auto job = uploaded(pool_, "t");
  wait_for_stages(1);
  const auto refused = push_->begin_upload(pool_, job.id, ChunkOperation::kUpsert);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(comes_to_be_staged(uploaded(other_, "t")));
}

/// The only thread of the queue is with a pool that hangs.
class NoThreadToStage : public StagesOfASilentPool {
 protected:
  void SetUp() override {
    stage_options_.big_stages_max = 1;
    stage_options_.small_stages_max = 0;
    StagesOfASilentPool::SetUp();
    silent_->hang(pool_);
    first_ = uploaded(pool_, "t");
    wait_for_stages(1);
    landings_->start();
  }

  Job first_;
};

TEST_F(NoThreadToStage, AJobThatIsToLandNeedsNone) {
  const auto job = uploaded(other_, "t");
  ASSERT_TRUE(push_->execute(other_, job.id));
  EXPECT_EQ(end_of(job), JobStatus::kDone);
  EXPECT_EQ(silent_->stages(), 2);
}

TEST_F(NoThreadToStage, WhoeverStagesAJobIsInterruptedByItsCancel) {
  const auto second = uploaded(pool_, "u");
  ASSERT_TRUE(push_->execute(pool_, second.id));
  wait_for_stages(2);
  ASSERT_TRUE(push_->execute(pool_, first_.id));
  EXPECT_TRUE(push_->cancel(pool_, second.id));
  EXPECT_TRUE(push_->cancel(pool_, first_.id));
  EXPECT_EQ(end_of(second), JobStatus::kCanceled);
  EXPECT_EQ(end_of(first_), JobStatus::kCanceled);
}

}  // namespace
}  // namespace adit
