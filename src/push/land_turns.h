// LandTurns: which pool's job may have the lander's next thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "model/ids.h"
#include "model/job.h"

namespace adit {

struct LandTurnsOptions {
  std::size_t threads = 16;
  std::chrono::milliseconds silence_min{200};     ///< before a pool that does not answer is asked again
  std::chrono::milliseconds silence_max{30'000};  ///< doubled up to this
};

/// Counts the threads of each pool: none begins with another while it has as many as are free. So one whose
/// engine hangs, or whose jobs are large, has at most half of them (rounded up), and several such pools leave
/// some to the others. Keeps the jobs of pools that could not be asked whether these have landed: they have
/// no thread meanwhile, but for one that asks. Not thread-safe.
class LandTurns {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  explicit LandTurns(LandTurnsOptions options) : options_(options) {}

  /// Pools of which no further job may begin now.
  std::set<PoolId> closed() const;
  /// Whether the pool has not answered since a job of it was set aside.
  bool is_silent(PoolId pool) const { return silent_.contains(pool); }
  /// A job that was set aside and may go on now: its pool has answered, or it is the one to ask.
  std::optional<Job> take_aside(Moment now);
  /// When take_aside() will have one without anything else happening.
  std::optional<Moment> next_question() const;

  /// A job of the pool got a thread, and gave it back.
  void begin(PoolId pool);
  void end(PoolId pool);

  /// Keeps a job whose pool can't say whether it has landed.
  void set_aside(const Job& job, Moment now);
  /// The pool said something: its jobs go on. False: it was not silent.
  bool answered(PoolId pool);
  /// All that were set aside.
  std::vector<Job> remove_aside();

 private:
  struct Silent {
    std::deque<Job> jobs;
    std::optional<JobId> asking;  ///< the one that has a thread
    Moment until{};               ///< no job asks before
    std::chrono::milliseconds pause{};
  };

  bool may_begin(PoolId pool) const;
  bool may_ask(PoolId pool, const Silent& silent) const;

  const LandTurnsOptions options_;
  std::map<PoolId, std::size_t> threads_;  ///< of pools that have any
  std::size_t free_ = options_.threads;
  std::map<PoolId, Silent> silent_;
  std::deque<Job> again_;  ///< their pool has answered
};

}  // namespace adit
