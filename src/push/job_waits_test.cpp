// Who waits for the end of a job, and who is sent away because others do.
#include <chrono>

#include "push/push_fixture.h"
#include "push/table_changes.h"

namespace adit {
namespace {

class WaitForAJob : public PushJob {
 protected:
  static constexpr auto kLong = 5s;

  void SetUp() override {
    limits_.cancel_wait_max = kLong;
    land_options_.waits_max = 0;
    PushJob::SetUp();
  }
  TableChanges changes() { return {*catalog_, *warehouse_, *landings_, clock_, kLong}; }
  /// Table t, which is there.
  void make_table() {
    const auto job = create("t", JobType::kReplace);
    upload(job, "a\n1\n");
    ASSERT_TRUE(push_->execute(pool_, job.id));
    landings_->start();
    while (wait(job) != JobStatus::kDone) std::this_thread::sleep_for(1ms);
    landings_->stop();
  }
  JobStatus wait(const Job& job) { return (*catalog_->find_job(pool_, job.id, true))->status; }
  JobStatus end(const Job& job) {
    const JobTransition change{{JobStatus::kRunning}, JobStatus::kCanceled, clock_.now()};
    return (*catalog_->transition(job.id, change, Durability::kFull))->status;
  }
  /// What the call says, which must not have waited.
  template <typename Call>
  static auto at_once(const Call& call) {
    const auto begun = std::chrono::steady_clock::now();
    auto result = call();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, kLong);
    return result;
  }
};

TEST_F(WaitForAJob, WithoutAPlaceACancelStandsAndIsAskedForAgain) {
  const auto job = taken_by_a_process_that_dies();
  const auto chunk = catalog_->list_chunks(job.id)->front().id;
  for (int i = 0; i < 2; ++i) {
    const auto sent_away = at_once([&] { return push_->cancel(pool_, job.id); });
    ASSERT_FALSE(sent_away);
    EXPECT_EQ(sent_away.error().kind, ErrorKind::kUnavailable);
    EXPECT_TRUE(*catalog_->cancel_requested(job.id));
  }
  ASSERT_EQ(end(job), JobStatus::kCanceled);
  EXPECT_TRUE(has_file(job, chunk));
  EXPECT_EQ(push_->cancel(pool_, job.id).error().kind, ErrorKind::kConflict);
  EXPECT_FALSE(has_file(job, chunk)) << "it counts in the quota";
}

TEST_F(WaitForAJob, WithoutAPlaceADeleteIsAskedForAgain) {
  const auto job = taken_by_a_process_that_dies();
  const auto sent_away = at_once([&] { return push_->remove(pool_, job.id); });
  ASSERT_FALSE(sent_away);
  EXPECT_EQ(sent_away.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(push_->get(pool_, job.id));
  ASSERT_EQ(end(job), JobStatus::kCanceled);
  EXPECT_TRUE(push_->remove(pool_, job.id));
  EXPECT_FALSE(push_->get(pool_, job.id));
}

TEST_F(WaitForAJob, WithoutAPlaceATableChangeIsToldOfAsItWaits) {
  make_table();
  auto changes = WaitForAJob::changes();
  const auto queued =
      at_once([&] { return changes.apply(pool_, {}, "t", {TableChangeKind::kTruncate, {}}); });
  ASSERT_TRUE(queued) << queued.error().public_message;
  EXPECT_EQ(queued->status, JobStatus::kQueued);
  EXPECT_EQ(changes.cancel(pool_, queued->id)->status, JobStatus::kCanceled) << "nothing to wait for";
}

TEST_F(WaitForAJob, WithoutAPlaceAnEndThatIsKnownIsTold) {
  const auto job = taken_by_a_process_that_dies();
  ASSERT_EQ(end(job), JobStatus::kCanceled);
  EXPECT_EQ(landings_->wait_final(pool_, job.id, 0ms)->status, JobStatus::kCanceled);
}

TEST_F(WaitForAJob, APlaceIsGivenBack) {
  close();
  land_options_.waits_max = 1;
  open();
  const auto job = taken_by_a_process_that_dies();
  for (int i = 0; i < 3; ++i) {
    const auto waited = landings_->wait_final(pool_, job.id, 1ms);
    ASSERT_FALSE(waited);
    EXPECT_TRUE(waited.error().public_message.contains("longer than usual")) << waited.error().public_message;
  }
}

}  // namespace
}  // namespace adit
