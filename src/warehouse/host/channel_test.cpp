// Messages over a socket whose other end does not read.
#include "warehouse/host/channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>
#include <vector>

namespace adit {
namespace {

using namespace std::chrono_literals;

/// More than a socket holds.
const std::string kLarge(1 << 20, 'x');

class ChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto ends = make_socket_pair();
    ASSERT_TRUE(ends);
    here_.emplace(std::move(ends->first));
    there_.emplace(std::move(ends->second));
  }
  static std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + 20ms; }

  std::optional<Channel> here_;
  std::optional<Channel> there_;
};

TEST_F(ChannelTest, SendEndsAtItsDeadlineAndTheConnectionWithHalfAMessage) {
  const auto sent = here_->send(MessageKind::kOpenQuery, 1, kLarge, -1, soon());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::kTimeout);
  EXPECT_FALSE(there_->receive());
  EXPECT_EQ(here_->send(MessageKind::kOpenQuery, 2, {}).error().kind, ErrorKind::kUnavailable);
}

TEST_F(ChannelTest, SendWaitsForAnotherOneUntilItsDeadlineOnly) {
  auto first = std::async(std::launch::async, [&] { return here_->send(MessageKind::kStage, 1, kLarge); });
  while (here_->send(MessageKind::kLand, 2, {}, -1, soon()).ok()) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(here_->send(MessageKind::kLand, 2, {}, -1, soon()).error().kind, ErrorKind::kTimeout);
  for (;;) {
    const auto message = there_->receive();
    ASSERT_TRUE(message);
    if (message->number == 1) break;
  }
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(here_->send(MessageKind::kLand, 3, {}, -1, std::chrono::steady_clock::now() + 10s))
      << "nothing of the second one had been sent";
  EXPECT_EQ(there_->receive()->number, 3U);
}

TEST_F(ChannelTest, WhatIsSentSoonWaitsForNobodyAndGoesOutWithTheNextMessage) {
  auto stuck = std::async(std::launch::async, [&] { return here_->send(MessageKind::kStage, 1, kLarge); });
  while (here_->send(MessageKind::kLand, 2, {}, -1, soon()).ok()) std::this_thread::sleep_for(1ms);
  here_->send_soon(MessageKind::kCancel, 7);
  std::vector<std::uint64_t> seen;
  while (seen.empty() || seen.back() != 7) seen.push_back(there_->receive()->number);
  EXPECT_TRUE(stuck.get());
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 1) << "with the one that was being sent";
}

TEST_F(ChannelTest, WhatIsSentSoonIsKeptWhileThereIsNoRoom) {
  here_->send_soon(MessageKind::kCancel, 1'000);
  EXPECT_EQ(there_->receive()->number, 1'000U) << "at once where there is";
  // Of messages that are as small as a cancel; then no cancel fits either.
  std::uint64_t sent = 0;
  while (here_->send(MessageKind::kLand, sent + 1, {}, -1, soon()).ok()) ++sent;
  here_->send_soon(MessageKind::kCancel, 1'001);
  for (std::uint64_t number = 1; number <= sent; ++number) ASSERT_EQ(there_->receive()->number, number);
  ASSERT_EQ(there_->receive(soon()).error().kind, ErrorKind::kTimeout);
  ASSERT_TRUE(here_->send(MessageKind::kLand, 2'000, {}));
  EXPECT_EQ(there_->receive()->number, 2'000U);
  const auto kept = there_->receive();
  EXPECT_EQ(kept->number, 1'001U);
  EXPECT_EQ(kept->kind, MessageKind::kCancel);
}

}  // namespace
}  // namespace adit
