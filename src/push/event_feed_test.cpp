// Who listens is told every event once and in order, whatever comes in between.
#include "push/event_feed.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

namespace adit {
namespace {

using namespace std::chrono_literals;

/// An event is its number.
class Numbers final : public EventWriter {
 public:
  std::string event(const Event& event) const override { return std::to_string(event.number) + " "; }
  std::string ended(const Job&, std::int64_t number) const override {
    return "ended" + std::to_string(number) + " ";
  }
  std::string progress(JobId, double) const override { return ""; }
  std::string lost(std::int64_t after, std::int64_t purged) const override {
    return "lost" + std::to_string(after) + "-" + std::to_string(purged) + " ";
  }
};

class Events : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    catalog_ = *open_sqlite_catalog(folder_ / "catalog.db");
    WarehouseOptions options;
    options.root = folder_ / "pools";
    options.chunks_root = folder_ / "chunks";
    warehouse_ = *open_duckdb_warehouse(options, {}, clock_, metrics_);
    const Team team{team_, "team", "team"};
    const User user{UserId::random(), team.id, "Admin", "admin@localhost", Role::kAdministrator};
    ASSERT_TRUE(
        catalog_->found_team(team, user, {KeyId::random(), team.id, subject_of(user.id), user.id, "k"}));
    ASSERT_TRUE(catalog_->insert_pool({pool_, team.id, "Pool", "", user.id.uuid(), {}}));
    start({});
  }
  void TearDown() override {
    feed_.reset();
    warehouse_.reset();
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }
  void start(EventFeedOptions options) {
    feed_.reset();
    feed_ = std::make_unique<EventFeed>(*catalog_, *warehouse_, numbers_, metrics_, options);
  }

  JobId new_job() {
    Job job;
    job.id = JobId::random();
    job.pool = pool_;
    EXPECT_TRUE(catalog_->insert_job(job));
    return job.id;
  }
  void cancel(JobId job) { EXPECT_TRUE(catalog_->request_cancel(job, {})); }
  std::int64_t last() { return catalog_->event_bounds()->last; }

  std::unique_ptr<EventListener> listen(std::optional<JobId> job = {},
                                        std::optional<std::int64_t> after = {}) {
    auto listener = feed_->listen({pool_, job}, after);
    EXPECT_TRUE(listener);
    return listener ? *std::move(listener) : nullptr;
  }
  /// Reads until what was read has `bytes` bytes, or the listener ends, or five seconds have passed.
  std::string read(EventListener& listener, std::size_t bytes) {
    std::mutex mutex;
    std::condition_variable woken;
    auto wakes = std::make_shared<int>(0);
    listener.set_wake([&mutex, &woken, wakes] {
      const std::lock_guard lock(mutex);
      ++*wakes;
      woken.notify_all();
    });
    std::string text;
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (std::chrono::steady_clock::now() < deadline) {
      std::unique_lock lock(mutex);
      const int seen = *wakes;
      lock.unlock();
      const auto state = listener.read(text);
      EXPECT_TRUE(state);
      ended_ = state && *state == EventListener::State::kEnded;
      if (!state || ended_ || text.size() >= bytes) break;
      if (*state == EventListener::State::kMore) continue;
      lock.lock();
      woken.wait_until(lock, deadline, [&] { return *wakes != seen; });
    }
    listener.set_wake(nullptr);
    return text;
  }
  static std::string numbers(std::int64_t first, std::int64_t last) {
    std::string text;
    for (auto i = first; i <= last; ++i) text += std::to_string(i) + " ";
    return text;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("adit-events-" + Uuid::random().to_string());
  const TeamId team_ = TeamId::random();
  const PoolId pool_ = PoolId::random();
  SystemClock clock_;
  Metrics metrics_;
  Numbers numbers_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Warehouse> warehouse_;
  std::unique_ptr<EventFeed> feed_;
  bool ended_ = false;
};

TEST_F(Events, APoolsListenerIsToldWhatComesFromNowOn) {
  new_job();
  const auto listener = listen();
  const auto first = last() + 1;
  for (int i = 0; i < 3; ++i) new_job();
  const auto expected = numbers(first, first + 2);
  EXPECT_EQ(read(*listener, expected.size()), expected);
}

TEST_F(Events, GoOnBehindTheLastThatWasTold) {
  for (int i = 0; i < 5; ++i) new_job();
  const auto listener = listen({}, 2);
  EXPECT_EQ(read(*listener, numbers(3, 5).size()), numbers(3, 5));
  new_job();
  EXPECT_EQ(read(*listener, 2), "6 ");
}

TEST_F(Events, OfAJobBeginWithItsFirstAndEndWithItsLast) {
  const auto other = new_job();
  const auto job = new_job();
  const auto listener = listen(job);
  EXPECT_EQ(read(*listener, 2), "2 ");
  EXPECT_FALSE(ended_);
  cancel(other);
  cancel(job);
  EXPECT_EQ(read(*listener, 2), "4 ");
  EXPECT_TRUE(ended_);
  EXPECT_EQ(read(*listen(job), 99), "2 4 ");
  EXPECT_TRUE(ended_);
}

TEST_F(Events, AListenerThatIsTooSlowReadsTheCatalogInstead) {
  EventFeedOptions options;
  options.texts_waiting_max = 3;
  start(options);
  const auto slow = listen();
  const auto quick = listen();
  const auto first = last() + 1;
  for (int i = 0; i < 700; ++i) new_job();
  const auto expected = numbers(first, first + 699);
  EXPECT_EQ(read(*quick, expected.size()), expected);
  EXPECT_EQ(read(*slow, expected.size()), expected);
  new_job();
  EXPECT_EQ(read(*slow, 1), numbers(first + 700, first + 700));
}

TEST_F(Events, WhatWasForgottenMeanwhileIsSaid) {
  for (int i = 0; i < 5; ++i) new_job();
  ASSERT_TRUE(catalog_->forget_events(clock_.now(), 1000, 3));
  EXPECT_EQ(read(*listen({}, 1), 1), "lost1-3 4 5 ");
  EXPECT_EQ(read(*listen({}, 3), 1), "4 5 ");
  EXPECT_EQ(read(*listen({}, 77), 1), "lost77-5 ") << "a number of another catalog";
}

TEST_F(Events, AJobWhoseEventsAreForgottenIsToldByItsOutcome) {
  const auto job = new_job();
  const auto waiting = new_job();
  cancel(job);
  ASSERT_TRUE(catalog_->forget_events(clock_.now(), 1000, 100));
  EXPECT_EQ(read(*listen(job), 1), "ended3 ");
  EXPECT_TRUE(ended_);
  const auto listener = listen(waiting);
  std::string nothing;
  EXPECT_EQ(*listener->read(nothing), EventListener::State::kOpen);
  EXPECT_EQ(nothing, "");
  cancel(waiting);
  EXPECT_EQ(read(*listener, 1), "4 ");
}

TEST_F(Events, OfAJobEndWithItsPool) {
  const auto job = new_job();
  const auto listener = listen(job);
  EXPECT_EQ(read(*listener, 2), "1 ");
  ASSERT_TRUE(catalog_->delete_pool(team_, pool_, {}));
  EXPECT_EQ(read(*listener, 2), "2 ");
  EXPECT_TRUE(ended_);
}

TEST_F(Events, OfAJobEndWithItsPoolAlsoWhereTheLastOneIsErasedUnread) {
  EventFeedOptions options;
  options.poll_interval = 1h;
  start(options);
  const auto listener = listen(new_job());
  EXPECT_EQ(read(*listener, 2), "1 ");
  const auto other = *open_sqlite_catalog(folder_ / "catalog.db");
  ASSERT_TRUE(other->delete_pool(team_, pool_, {}));
  ASSERT_FALSE(*other->erase_pool(pool_, 100));
  ASSERT_TRUE(catalog_->insert_pool({PoolId::random(), team_, "Next", "", {}, {}})) << "something to hear";
  EXPECT_EQ(read(*listener, 1), "");
  EXPECT_TRUE(ended_);
}

TEST_F(Events, ListenersHaveABoundOnEachPoolAndInAll) {
  EventFeedOptions options;
  options.listeners_max = 3;
  options.listeners_per_pool_max = 2;
  start(options);
  auto first = listen();
  const auto second = listen();
  EXPECT_EQ(feed_->listen({pool_}, {}).error().kind, ErrorKind::kRateLimited);
  const auto third = feed_->listen({PoolId::random()}, {});
  ASSERT_TRUE(third);
  EXPECT_EQ(feed_->listen({PoolId::random()}, {}).error().kind, ErrorKind::kUnavailable);
  first.reset();
  EXPECT_TRUE(feed_->listen({pool_}, {}));
}

TEST_F(Events, WrittenByAnotherProcessAreFoundByThePoll) {
  EventFeedOptions options;
  options.poll_interval = 20ms;
  start(options);
  const auto listener = listen();
  const auto other = *open_sqlite_catalog(folder_ / "catalog.db");
  Job job;
  job.id = JobId::random();
  job.pool = pool_;
  ASSERT_TRUE(other->insert_job(job));
  EXPECT_EQ(read(*listener, 1), "1 ");
}

}  // namespace
}  // namespace adit
