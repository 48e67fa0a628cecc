#include "base/worker_pool.h"

#include <pthread.h>

#include <utility>

namespace adit {

WorkerPool::WorkerPool(std::string name, std::size_t threads, std::size_t queue_max) : queue_max_(queue_max) {
  name.resize(std::min<std::size_t>(name.size(), 15));
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
    ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(Task task) {
  {
    auto state = state_.lock();
    if (state->stopped || state->tasks.size() >= queue_max_) return false;
    state->tasks.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::stop() {
  state_.lock()->stopped = true;
  changed_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t WorkerPool::waiting() const { return state_.lock()->tasks.size(); }

void WorkerPool::run() {
  for (;;) {
    Task task;
    {
      auto state = state_.lock();
      changed_.wait(state.unique_lock(), [&] { return !state->tasks.empty() || state->stopped; });
      if (state->tasks.empty()) return;
      task = std::move(state->tasks.front());
      state->tasks.pop_front();
    }
    task();
  }
}

}  // namespace adit
