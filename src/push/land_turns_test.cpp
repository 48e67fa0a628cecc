// Which pool's job may have the lander's next thread.
#include "push/land_turns.h"

#include <gtest/gtest.h>

namespace adit {
namespace {

using namespace std::chrono_literals;

class LandTurnsTest : public testing::Test {
 protected:
  static Job job(PoolId pool) {
    Job job;
    job.id = JobId::random();
    job.pool = pool;
    return job;
  }
  /// How many threads the pool gets where it wants as many as it can have. One that looks is free.
  int take_all(PoolId pool) {
    int threads = 0;
    for (; taken_ < kThreads && !turns_.closed().contains(pool); ++threads, ++taken_) turns_.begin(pool);
    return threads;
  }
  void end(PoolId pool) {
    turns_.end(pool);
    --taken_;
  }

  static constexpr std::size_t kThreads = 8;
  const PoolId a_ = PoolId::random();
  const PoolId b_ = PoolId::random();
  LandTurns::Moment now_{1h};
  LandTurns turns_{{.threads = kThreads, .silence_min = 10ms, .silence_max = 30ms}};
  std::size_t taken_ = 0;
};

TEST_F(LandTurnsTest, APoolTakesNoMoreThreadsThanItLeavesFree) {
  EXPECT_EQ(take_all(a_), 4);
  EXPECT_EQ(take_all(b_), 2);
  EXPECT_EQ(take_all(PoolId::random()), 1);
  EXPECT_EQ(take_all(PoolId::random()), 1);
  EXPECT_EQ(take_all(PoolId::random()), 0);
  end(a_);
  EXPECT_TRUE(turns_.closed().contains(a_)) << "it has three of seven that are taken";
  EXPECT_EQ(take_all(PoolId::random()), 1);
}

TEST_F(LandTurnsTest, OneThreadIsForEveryPool) {
  LandTurns turns({.threads = 1});
  EXPECT_TRUE(turns.closed().empty());
  turns.begin(a_);
  EXPECT_EQ(turns.closed(), (std::set<PoolId>{a_}));
  turns.set_aside(job(b_), now_);
  EXPECT_FALSE(turns.take_aside(now_ + 1h));
  turns.end(a_);
  EXPECT_TRUE(turns.take_aside(now_ + 1h));
}

TEST_F(LandTurnsTest, OfASilentPoolNoJobBeginsAndOneAsksAfterEverLongerPauses) {
  const auto first = job(a_);
  const auto second = job(a_);
  turns_.set_aside(first, now_);
  turns_.set_aside(second, now_ + 1ms);
  EXPECT_EQ(turns_.closed(), (std::set<PoolId>{a_}));
  EXPECT_EQ(turns_.next_question(), now_ + 10ms);
  EXPECT_FALSE(turns_.take_aside(now_ + 9ms));
  for (const auto& [asks, pause] : {std::pair(first, 20ms), {second, 30ms}, {first, 30ms}}) {
    now_ = *turns_.next_question();
    EXPECT_EQ(turns_.take_aside(now_)->id, asks.id);
    EXPECT_FALSE(turns_.take_aside(now_ + 1h)) << "one asks already";
    EXPECT_FALSE(turns_.next_question());
    turns_.set_aside(asks, now_);
    EXPECT_EQ(turns_.next_question(), now_ + pause);
  }
}

TEST_F(LandTurnsTest, ThoseOfAPoolThatAnsweredGoOnAsFarAsItHasThreads) {
  EXPECT_FALSE(turns_.answered(a_));
  for (int i = 0; i < 5; ++i) turns_.set_aside(job(a_), now_);
  EXPECT_TRUE(turns_.answered(a_));
  EXPECT_TRUE(turns_.closed().empty());
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(turns_.take_aside(now_));
    turns_.begin(a_);
  }
  EXPECT_FALSE(turns_.take_aside(now_));
  turns_.end(a_);
  EXPECT_TRUE(turns_.take_aside(now_));
}

TEST_F(LandTurnsTest, ASilentPoolWhoseThreadsAreAllTakenIsNotAsked) {
  EXPECT_EQ(take_all(a_), 4);
  turns_.set_aside(job(a_), now_);
  EXPECT_FALSE(turns_.next_question());
  EXPECT_FALSE(turns_.take_aside(now_ + 1h));
  end(a_);
  EXPECT_TRUE(turns_.take_aside(now_ + 1h));
}

TEST_F(LandTurnsTest, AllThatAreAsideAreGivenBack) {
  turns_.set_aside(job(a_), now_);
  turns_.set_aside(job(b_), now_);
  ASSERT_TRUE(turns_.answered(b_));
  EXPECT_EQ(turns_.remove_aside().size(), 2U);
  EXPECT_TRUE(turns_.closed().empty());
  EXPECT_FALSE(turns_.take_aside(now_ + 1h));
}

}  // namespace
}  // namespace adit
