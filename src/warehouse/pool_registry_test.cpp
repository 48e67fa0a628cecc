#include "warehouse/pool_registry.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

namespace adit {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// What the registry needs of a pool; no file behind it.
class Thing {
 public:
  explicit Thing(PoolId id) : id_(id) {}
  PoolId id() const { return id_; }
  bool healthy() const { return healthy_; }
  void fail() { healthy_ = false; }

 private:
  PoolId id_;
  bool healthy_ = true;
};

/// A pool whose only user gives it back while it is being interrupted.
class PoolRegistryTest : public testing::Test {
 protected:
  PoolRegistryTest()
      : registry_(
            {.pools_open_max = 2, .memory_bytes_max = 1ULL << 30, .wait_max = 20s},
            [this](PoolId id, std::uint64_t) -> Result<std::unique_ptr<Thing>> {
              ++opened_;
              return std::make_unique<Thing>(id);
            },
            [this](PoolId, Thing* pool) {
              if (pool != nullptr) user_.reset();
            },
            nullptr) {
    user_.emplace(*registry_.acquire(id_));
  }

  const PoolId id_ = PoolId::random();
  int opened_ = 0;
  PoolRegistry<Thing> registry_;
  std::optional<PoolLease<Thing>> user_;
};

TEST_F(PoolRegistryTest, AFailedPoolIsOpenedAgainAtOnceWhenItsLastUserGoesInTheInterrupt) {
  (*user_)->fail();
  const auto begun = Clock::now();
  const auto again = registry_.acquire(id_);
  ASSERT_TRUE(again) << again.error().internal_detail;
  EXPECT_LT(Clock::now() - begun, 5s) << "nobody was told that the pool is free";
  EXPECT_EQ(opened_, 2);
}

TEST_F(PoolRegistryTest, APoolIsRemovedAtOnceWhenItsLastUserGoesInTheInterrupt) {
  const auto begun = Clock::now();
  bool removed = false;
  const auto retired = registry_.retire(id_, [&]() -> Result<void> {
    removed = true;
    return {};
  });
  EXPECT_TRUE(retired);
  EXPECT_TRUE(removed);
  EXPECT_LT(Clock::now() - begun, 5s);
}

TEST_F(PoolRegistryTest, AFailedPoolWaitsForAUserWhoGoesLater) {
  std::optional<PoolLease<Thing>> other(*registry_.acquire(id_));
  (*user_)->fail();
  std::jthread leaver([&] {
    std::this_thread::sleep_for(50ms);
    other.reset();
  });
  EXPECT_TRUE(registry_.acquire(id_));
  EXPECT_EQ(opened_, 2);
}

/// Many small ones, and how much memory each was given when it was opened last.
class PoolMemory : public testing::Test {
 protected:
  std::uint64_t given(PoolId id) {
    EXPECT_TRUE(registry_.acquire(id));
    return memory_[id];
  }

  static constexpr std::uint64_t kAll = 1ULL << 30;
  std::map<PoolId, std::uint64_t> memory_;
  int opened_ = 0;
  PoolRegistry<Thing> registry_{{.pools_open_max = 10, .memory_bytes_max = kAll, .wait_max = 20s},
                                [this](PoolId id, std::uint64_t bytes) -> Result<std::unique_ptr<Thing>> {
                                  ++opened_;
                                  memory_[id] = bytes;
                                  return std::make_unique<Thing>(id);
                                },
                                [](PoolId, Thing*) {},
                                nullptr};
};

TEST_F(PoolMemory, WhatDoesNotSufficeBecomesWhatIdlePoolsGiveBack) {
  const auto busy = PoolId::random();
  const auto user = registry_.acquire(busy);
  for (int i = 0; i < 4; ++i) given(PoolId::random());
  const auto small = PoolId::random();
  EXPECT_LT(given(small), kAll / 8);
  registry_.enlarge(small);
  EXPECT_EQ(given(small), kAll - memory_[busy]);
}

TEST_F(PoolMemory, NobodyIsThrownOutForIt) {
  const auto small = PoolId::random();
  given(PoolId::random());
  {
    const auto user = registry_.acquire(small);
    const auto before = memory_[small];
    registry_.enlarge(small);
    EXPECT_EQ(given(small), before);
  }
  EXPECT_EQ(given(small), kAll);
}

TEST_F(PoolMemory, MoreThanAllIsNotToBeHad) {
  const auto small = PoolId::random();
  given(small);
  registry_.enlarge(small);
  given(small);
  registry_.enlarge(small);
  given(small);
  EXPECT_EQ(opened_, 2);
}

}  // namespace
}  // namespace adit
