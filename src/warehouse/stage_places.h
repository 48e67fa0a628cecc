// How many chunks are staged at the same time, over all pools.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <set>
#include <stop_token>

#include "base/guarded.h"
#include "base/result.h"
#include "model/ids.h"

namespace adit {

/// A pool takes no place while it has as many as are free: those whose engines hang leave some to the others.
/// Thread-safe.
class StagePlaces {
 public:
  explicit StagePlaces(std::size_t places) : places_(places) {}

  /// How many of so many places a pool has that is alone.
  static constexpr std::size_t of_one_pool(std::size_t places) { return (places + 1) / 2; }

  /// Runs `stage` once there is a place for it. kCanceled when a stop is asked for before.
  template <class Stage>
  auto with_place(PoolId pool, const std::stop_token& stop, const Stage& stage) -> decltype(stage()) {
    {
      auto taken = taken_.lock();
      while (taken->size() + taken->count(pool) >= places_) {
        if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The work was canceled."};
        ended_.wait_for(taken.unique_lock(), std::chrono::milliseconds(50));
      }
      taken->insert(pool);
    }
    auto staged = stage();
    {
      auto taken = taken_.lock();
      taken->erase(taken->find(pool));
    }
    ended_.notify_all();  // the next one may be of a pool that has as many as it may
    return staged;
  }

 private:
  const std::size_t places_;
  std::condition_variable ended_;
  Guarded<std::multiset<PoolId>> taken_;
};

}  // namespace adit
