// How executes are counted, over a clock that does as it is told.
#include "model/execute_limits.h"

#include <gtest/gtest.h>

namespace adit {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kTenOClock = 500'010 * kHourMs;

struct Team {
  ExecuteLimits limits{};
  ExecuteCount count{};

  ExecuteAdmission at(std::int64_t ms) { return admit_execute(limits, count, from_epoch_ms(ms)); }
  int admitted_at(std::int64_t ms, int times) {
    int admitted = 0;
    for (int i = 0; i < times; ++i) admitted += at(ms).admitted ? 1 : 0;
    return admitted;
  }
};

TEST(ExecuteLimits, TenInASecondAndThenNoneUntilItIsOver) {
  Team team;
  const auto first = team.at(kTenOClock + 300);
  EXPECT_TRUE(first.admitted && first.limited);
  EXPECT_EQ(first.limit, 10);
  EXPECT_EQ(first.remaining, 9);
  EXPECT_EQ(first.reset, seconds(1));
  EXPECT_EQ(team.admitted_at(kTenOClock + 300, 20), 9);
  EXPECT_EQ(team.admitted_at(kTenOClock + 1'299, 20), 0) << "the second began with the first execute";
  EXPECT_EQ(team.admitted_at(kTenOClock + 1'300, 20), 10);
}

TEST(ExecuteLimits, TwoHundredAndFiftyUntilTheFullHour) {
  Team team;
  int admitted = 0;
  for (std::int64_t ms = 0; ms < 60'000; ms += 1'000)
    admitted += team.admitted_at(kTenOClock + kHourMs / 2 + ms, 10);
  EXPECT_EQ(admitted, 250);
  const auto refused = team.at(kTenOClock + kHourMs - 90'000);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.limit, 250);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_EQ(refused.reset, seconds(90));
  EXPECT_EQ(refused.limit_every, seconds(3600));
  EXPECT_FALSE(team.at(kTenOClock + kHourMs - 1).admitted);
  const auto next = team.at(kTenOClock + kHourMs);
  EXPECT_TRUE(next.admitted);
  EXPECT_EQ(team.count.in_hour, 1);
}

TEST(ExecuteLimits, ARefusedExecuteCountsInNeitherWindow) {
  Team team{{.per_second = 1, .per_hour = 3}};
  EXPECT_EQ(team.admitted_at(kTenOClock, 50), 1);
  EXPECT_EQ(team.admitted_at(kTenOClock + 1'000, 50), 1);
  EXPECT_EQ(team.count.in_hour, 2);
}

TEST(ExecuteLimits, TheTighterWindowIsTold) {
  Team team{{.per_second = 5, .per_hour = 6}};
  EXPECT_EQ(team.at(kTenOClock).limit, 5);
  EXPECT_EQ(team.admitted_at(kTenOClock, 3), 3);
  const auto second = team.at(kTenOClock + 2'000);
  EXPECT_EQ(second.limit, 6);
  EXPECT_EQ(second.remaining, 1);
}

TEST(ExecuteLimits, TimesThatComeOutOfOrderCountInTheLatestWindow) {
  Team team;
  EXPECT_EQ(team.admitted_at(kTenOClock + 2, 6), 6);
  EXPECT_EQ(team.admitted_at(kTenOClock - 3, 20), 4);
  EXPECT_EQ(team.count.in_hour, 10) << "the hour that has begun does not begin again";
  EXPECT_EQ(team.count.hour, kTenOClock / kHourMs);
}

TEST(ExecuteLimits, AClockThatIsSetBackLocksNobodyOut) {
  Team team{{.per_second = 10, .per_hour = 20}};
  EXPECT_EQ(team.admitted_at(kTenOClock + kHourMs * 30, 10), 10);
  EXPECT_EQ(team.admitted_at(kTenOClock + kHourMs * 30 + 1'000, 20), 10);
  EXPECT_EQ(team.admitted_at(kTenOClock + kHourMs * 30 + 2'000, 20), 0);
  const auto back = kTenOClock + kHourMs / 2;
  EXPECT_EQ(team.admitted_at(back, 20), 10);
  EXPECT_EQ(team.admitted_at(back, 20), 0) << "the windows began anew, and hold";
  EXPECT_EQ(team.admitted_at(back + 1'000, 20), 10);
  EXPECT_EQ(team.admitted_at(back + 2'000, 20), 0);
  EXPECT_EQ(team.admitted_at(kTenOClock + kHourMs, 20), 10);
}

TEST(ExecuteLimits, ALoweredLimitLeavesNoRoomBelowNothing) {
  Team team;
  EXPECT_EQ(team.admitted_at(kTenOClock, 10), 10);
  team.limits.per_second = 2;
  const auto refused = team.at(kTenOClock);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.remaining, 0);
}

TEST(ExecuteLimits, AnUnlimitedTeamIsNotCounted) {
  Team team{{.per_second = 1, .per_hour = 1, .unlimited = true}};
  EXPECT_EQ(team.admitted_at(kTenOClock, 1'000), 1'000);
  EXPECT_FALSE(team.at(kTenOClock).limited);
  EXPECT_EQ(team.count.in_hour, 0);
}

}  // namespace
}  // namespace adit
