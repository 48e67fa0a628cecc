#include "base/worker_pool.h"

#include <pthread.h>

#include <utility>

namespace adit {

WorkerPool::WorkerPool(std::string name, std::size_t threads, std::size_t queue_max) : queue_max_(queue_max) {
  name.resize(std::min<std::size_t>(name.size(), 15));
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, &bed = beds_.emplace_back()] { run(bed); });
    ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(Task task) {
  Bed* bed = nullptr;
  {
    auto state = state_.lock();
    if (state->stopped || state->tasks.size() >= queue_max_) return false;
    state->tasks.push_back({std::move(task), std::chrono::steady_clock::now()});
    if (state->sleepers.empty()) return true;
    bed = state->sleepers.back();
    state->sleepers.pop_back();
    bed->empty = true;
  }
  bed->called.notify_one();
  return true;
}

void WorkerPool::stop() {
  {
    auto state = state_.lock();
    state->stopped = true;
    for (auto* bed : std::exchange(state->sleepers, {})) {
      bed->empty = true;
      bed->called.notify_one();
    }
  }
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::chrono::steady_clock::duration WorkerPool::longest_wait() const {
  auto state = state_.lock();
  if (state->tasks.empty()) return {};
  return std::chrono::steady_clock::now() - state->tasks.front().since;
}

void WorkerPool::run(Bed& bed) {
  for (;;) {
    Task task;
    {
      auto state = state_.lock();
      while (state->tasks.empty() && !state->stopped) {
        bed.empty = false;
        state->sleepers.push_back(&bed);
        bed.called.wait(state.unique_lock(), [&] { return bed.empty; });
      }
      if (state->tasks.empty()) return;
      task = std::move(state->tasks.front().task);
      state->tasks.pop_front();
    }
    task();
  }
}

}  // namespace adit
