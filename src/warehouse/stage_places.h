// How many chunks are staged at the same time, over all pools.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <stop_token>

#include "base/guarded.h"
#include "base/result.h"

namespace adit {

/// Thread-safe.
class StagePlaces {
 public:
  explicit StagePlaces(std::size_t places) : places_(places) {}

  /// Runs `stage` once there is a place for it. kCanceled when a stop is asked for before.
  template <class Stage>
  auto with_place(const std::stop_token& stop, const Stage& stage) -> decltype(stage()) {
    {
      auto taken = taken_.lock();
      while (*taken >= places_) {
        if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The work was canceled."};
        ended_.wait_for(taken.unique_lock(), std::chrono::milliseconds(50));
      }
      ++*taken;
    }
    auto staged = stage();
    --*taken_.lock();
    ended_.notify_one();
    return staged;
  }

 private:
  const std::size_t places_;
  std::condition_variable ended_;
  Guarded<std::size_t> taken_;
};

}  // namespace adit
