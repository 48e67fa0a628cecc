// WorkerPool: a fixed number of threads and a bounded queue, for calls that block.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"

namespace adit {

/// Lifecycle: runs from construction to stop() or destruction, which waits for every accepted task.
/// A task goes to the thread that was idle for the shortest time: its stack and what it allocates from are in
/// the processor's cache still, and threads that are not needed are never touched. Threads: submit() may be
/// called from any thread, also from a task. Limits: `queue_max` waiting tasks.
class WorkerPool {
 public:
  using Task = std::move_only_function<void()>;

  /// `name` is shown by top and in traces (15 characters at most count).
  WorkerPool(std::string name, std::size_t threads, std::size_t queue_max);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False, and the task is dropped, when the queue is full or the pool was stopped. Tasks must not throw.
  [[nodiscard]] bool submit(Task task);
  /// Refuses new tasks, runs the accepted ones, joins the threads. May be called twice.
  void stop();
  /// How long the task that is next has waited for a thread; zero when none waits.
  std::chrono::steady_clock::duration longest_wait() const;

 private:
  /// A thread's place to sleep.
  struct Bed {
    std::condition_variable called;
    bool empty = true;
  };
  struct Waiting {
    Task task;
    std::chrono::steady_clock::time_point since;
  };
  struct State {
    std::deque<Waiting> tasks;
    std::vector<Bed*> sleepers;  ///< the last to fall asleep stands at the end
    bool stopped = false;
  };

  void run(Bed& bed);

  const std::size_t queue_max_;
  std::deque<Bed> beds_;
  Guarded<State> state_;
  std::vector<std::thread> threads_;
};

}  // namespace adit
