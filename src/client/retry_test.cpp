#include "client/retry.h"

#include <gtest/gtest.h>

namespace adit::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Retry, WaitsGrowToABoundAndVary) {
  const RetryPolicy policy{milliseconds(100), milliseconds(800), milliseconds(3'600'000)};
  Retry retry(policy, {}, {});
  for (const auto most : {100, 200, 400, 800, 800, 800}) {
    const auto wait = retry.next_wait(std::nullopt);
    ASSERT_TRUE(wait);
    EXPECT_LE(wait->count(), most);
    EXPECT_GE(wait->count(), most / 2);
  }
}

TEST(Retry, NeverComesBeforeTheServerWants) {
  const RetryPolicy policy{milliseconds(1), milliseconds(1), milliseconds(60'000)};
  EXPECT_GE(*Retry(policy, {}, {}).next_wait(seconds(30)), seconds(30));
  EXPECT_FALSE(Retry(policy, {}, {}).next_wait(seconds(61))) << "longer than anybody wants to wait";
}

TEST(Retry, NoTimeIsOneAttempt) {
  const RetryPolicy policy{milliseconds(1), milliseconds(1), milliseconds(0)};
  EXPECT_FALSE(Retry(policy, {}, {}).next_wait(std::nullopt));
}

TEST(Retry, TellsBeforeItWaitsAndEndsWhenToldTo) {
  const RetryPolicy policy{milliseconds(3'600'000), milliseconds(3'600'000), milliseconds(9'000'000)};
  int told = 0;
  const StopQuestion stop = [&] { return told > 0; };
  const OnRetry on_retry = [&](const Error& error, milliseconds wait) {
    EXPECT_EQ(error.public_message, "gone");
    EXPECT_GT(wait.count(), 0);
    ++told;
  };
  EXPECT_FALSE(Retry(policy, stop, on_retry).wait({ErrorKind::kUnavailable, "gone"}, std::nullopt));
  EXPECT_EQ(told, 1);
}

TEST(Retry, OnlyPassingFailuresAreWorthIt) {
  for (const int status : {408, 429, 502, 503, 504}) EXPECT_TRUE(is_passing(status)) << status;
  for (const int status : {200, 400, 401, 403, 404, 409, 413, 422, 500, 507})
    EXPECT_FALSE(is_passing(status)) << status;
  EXPECT_TRUE(is_passing(ErrorKind::kUnavailable));
  EXPECT_TRUE(is_passing(ErrorKind::kTimeout));
  EXPECT_FALSE(is_passing(ErrorKind::kCanceled));
  EXPECT_FALSE(is_passing(ErrorKind::kInvalid));
}

TEST(RetryAfter, IsSecondsOrADate) {
  const auto now = std::chrono::system_clock::from_time_t(1'445'412'480);  // Wed, 21 Oct 2015 07:28:00 GMT
  EXPECT_EQ(parse_retry_after("120", now), seconds(120));
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2015 07:29:00 GMT", now), seconds(60));
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2015 07:00:00 GMT", now), seconds(0)) << "it is past";
  for (const auto* text : {"", "soon", "-1", "1.5", "Wed, 21 Oct 2015"})
    EXPECT_FALSE(parse_retry_after(text, now)) << text;
}

}  // namespace
}  // namespace adit::client
