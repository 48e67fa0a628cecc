#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <thread>
#include <vector>

namespace adit {
namespace {

TEST(WorkerPool, StopRunsWhatWasAccepted) {
  std::atomic<int> ran = 0;
  WorkerPool pool("test", 2, 100);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.submit([&] { ++ran; }));
  pool.stop();
  EXPECT_EQ(ran, 50);
  EXPECT_FALSE(pool.submit([] {}));
}

TEST(WorkerPool, SaysHowLongTheNextTaskHasWaited) {
  WorkerPool pool("test", 1, 100);
  EXPECT_EQ(pool.longest_wait().count(), 0);
  std::promise<void> begun;
  std::promise<void> let_go;
  ASSERT_TRUE(pool.submit([&] {
    begun.set_value();
    let_go.get_future().wait();
  }));
  begun.get_future().wait();
  EXPECT_EQ(pool.longest_wait().count(), 0) << "a task that runs does not wait";
  std::promise<void> ran;
  ASSERT_TRUE(pool.submit([&] { ran.set_value(); }));
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  EXPECT_GE(pool.longest_wait(), std::chrono::milliseconds{20});
  let_go.set_value();
  ran.get_future().wait();
  EXPECT_EQ(pool.longest_wait().count(), 0);
}

TEST(WorkerPool, ATaskGoesToTheThreadThatWasIdleForTheShortestTime) {
  constexpr int kTasks = 200;
  WorkerPool pool("test", 4, 100);
  std::map<std::thread::id, int> ran;
  for (int i = 0; i < kTasks; ++i) {
    std::promise<std::thread::id> thread;
    auto answer = thread.get_future();
    ASSERT_TRUE(
        pool.submit([told = std::move(thread)]() mutable { told.set_value(std::this_thread::get_id()); }));
    ++ran[answer.get()];
    std::this_thread::sleep_for(std::chrono::milliseconds{1});  // for it to fall asleep
  }
  int most = 0;
  for (const auto& [thread, count] : ran) most = std::max(most, count);
  EXPECT_GT(most, kTasks / 2) << "taken in turns, each thread has a quarter";
}

TEST(WorkerPool, TasksThatMeetThreadsFallingAsleepAreRun) {
  constexpr int kRounds = 2'000;
  WorkerPool pool("test", 3, 100);
  std::vector<std::jthread> clients;
  std::atomic<int> ran = 0;
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        std::promise<void> done;
        const auto told = done.get_future();
        if (!pool.submit([done = std::move(done)]() mutable { done.set_value(); })) return;
        told.wait();
        ++ran;
      }
    });
  }
  clients.clear();
  EXPECT_EQ(ran, 4 * kRounds);
}

}  // namespace
}  // namespace adit
