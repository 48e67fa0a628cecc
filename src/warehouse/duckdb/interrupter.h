// Turns stop requests into interrupts of the engine.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/guarded.h"
#include "model/ids.h"
#include "warehouse/duckdb/engine.h"

namespace adit {

class Interrupter;

/// A piece of work on one connection that can be stopped. An interrupt does not stick while the connection is
/// between two statements: therefore it is repeated until the work ends, and the work asks stopped() between
/// statements.
class Activity {
 public:
  Activity(Interrupter& interrupter, Connection& connection, PoolId pool, std::optional<JobId> job,
           std::stop_token stop);
  ~Activity();
  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;

  bool stopped() const { return forced_ || stop_.stop_requested(); }
  /// kCanceled when a stop was asked for.
  Result<void> check() const;
  /// To be called right before COMMIT: from here on nothing is interrupted. kCanceled when it is too late for
  /// that.
  Result<void> shield();
  /// The opposite of shield(), for the next transaction of the same work.
  void unshield();

 private:
  friend class Interrupter;

  Interrupter& interrupter_;
  Connection& connection_;
  const PoolId pool_;
  const std::optional<JobId> job_;
  const std::stop_token stop_;
  std::atomic<bool> forced_{false};
  bool shielded_ = false;  ///< guarded by the interrupter's lock
  std::optional<std::stop_callback<std::function<void()>>> callback_;
};

/// One thread for all activities of a warehouse. Thread-safe.
class Interrupter {
 public:
  Interrupter();
  ~Interrupter();

  /// Stops all work on a pool, as if everybody had asked for it.
  void interrupt_pool(PoolId pool);
  std::optional<double> progress(JobId job) const;

 private:
  friend class Activity;

  void add(Activity* activity);
  void remove(Activity* activity);
  void run(const std::stop_token& stop);

  std::condition_variable_any wake_;
  Guarded<std::list<Activity*>> activities_;
  std::jthread thread_;
};

}  // namespace adit
