// Who fails too often is to wait, and nobody else.
#include "access/failed_attempts.h"
#include "base/set_clock.h"

#include <gtest/gtest.h>

namespace adit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Attempts : public ::testing::Test {
 protected:
  /// Failures until the source is told to wait, at most 1,000.
  int free_failures(const std::string& source) {
    int count = 0;
    while (count < 1'000 && !attempts_.failed(source)) ++count;
    return count;
  }

  SetClock clock_;
  Metrics metrics_;
  FailedAttempts attempts_{
      clock_, metrics_, {.allowance = {.at_once = 5, .interval = seconds(2)}, .sources_max = 100}};
};

TEST_F(Attempts, ABurstIsFreeAndThenOneAfterEachInterval) {
  EXPECT_EQ(free_failures("a"), 5);
  EXPECT_EQ(attempts_.failed("a"), seconds(2));
  clock_.advance(milliseconds(1'500));
  EXPECT_EQ(attempts_.failed("a"), seconds(1));
  clock_.advance(milliseconds(500));
  EXPECT_EQ(free_failures("a"), 1) << "the failures in between did not make it longer";
  clock_.advance(seconds(60));
  EXPECT_EQ(free_failures("a"), 5);
}

TEST_F(Attempts, OthersAreNotMeant) {
  EXPECT_EQ(free_failures("a"), 5);
  EXPECT_EQ(free_failures("b"), 5);
}

TEST_F(Attempts, MoreSourcesThanThereIsRoomForShareOneAllowance) {
  for (int i = 0; i < 10'000; ++i) static_cast<void>(attempts_.failed("s" + std::to_string(i)));
  EXPECT_LE(attempts_.sources(), 101U);
  EXPECT_TRUE(attempts_.failed("another").has_value());
  EXPECT_EQ(attempts_.failed("s0"), std::nullopt) << "who came in time has an allowance of their own";
  clock_.advance(seconds(60));
  EXPECT_EQ(free_failures("late"), 5) << "the others have been forgotten";
  EXPECT_LE(attempts_.sources(), 3U);
}

TEST_F(Attempts, AClockThatIsSetBackMakesNobodyWaitLonger) {
  EXPECT_EQ(free_failures("a"), 5);
  clock_.advance(-std::chrono::hours(24));
  EXPECT_EQ(attempts_.failed("a"), seconds(2));
  clock_.advance(seconds(2));
  EXPECT_EQ(free_failures("a"), 1);
}

TEST_F(Attempts, AreCounted) {
  EXPECT_EQ(free_failures("a"), 5);
  EXPECT_EQ(metrics_.credentials_failed.Value(), 6);
  EXPECT_EQ(metrics_.credentials_slowed.Value(), 1);
}

TEST_F(Attempts, ThoseUnderWayCountAsFailures) {
  std::vector<FailedAttempts::Attempt> under_way;
  for (int i = 0; i < 5; ++i) {
    auto begun = attempts_.begin({"account", "address"});
    ASSERT_TRUE(begun) << i;
    under_way.push_back(*std::move(begun));
  }
  EXPECT_EQ(attempts_.begin({"account"}).error(), seconds(2));
  EXPECT_EQ(attempts_.begin({"another", "address"}).error(), seconds(2)) << "one of its sources is enough";
  EXPECT_EQ(free_failures("another"), 5) << "and nothing was taken from the other";
  under_way.back().forgive();
  under_way.clear();
  EXPECT_EQ(metrics_.credentials_failed.Value(), 4 + 6);
  EXPECT_EQ(free_failures("account"), 1) << "one of the five was none";
  EXPECT_EQ(free_failures("address"), 1);
}

TEST_F(Attempts, OfThoseWithoutRoomAreForgivenToo) {
  for (int i = 0; i < 100; ++i) static_cast<void>(attempts_.failed("s" + std::to_string(i)));
  for (int i = 0; i < 20; ++i) {
    auto begun = attempts_.begin({"o" + std::to_string(i)});
    ASSERT_TRUE(begun) << "the allowance that they share is given back each time";
    begun->forgive();
  }
}

TEST_F(Attempts, ANetworkOfIpv6IsOneSource) {
  const auto source = [](const char* address) { return FailedAttempts::source_of_address(address); };
  EXPECT_EQ(source("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(source("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9%eth0"));
  EXPECT_NE(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
}

}  // namespace
}  // namespace adit
