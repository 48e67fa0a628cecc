// Bell: says within one process that something has happened, to whoever happens to listen.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>

#include "base/guarded.h"

namespace adit {

/// Rings are counted, so that none is missed between two looks. Thread-safe.
class Bell {
 public:
  void ring() {
    ++*rings_.lock();
    changed_.notify_all();
  }
  std::uint64_t rings() const { return *rings_.lock(); }
  /// Returns once it has been rung more often than `heard`, or after `timeout`; how often it has been rung.
  std::uint64_t wait(std::uint64_t heard, std::chrono::milliseconds timeout) {
    auto rings = rings_.lock();
    changed_.wait_for(rings.unique_lock(), timeout, [&] { return *rings != heard; });
    return *rings;
  }

 private:
  Guarded<std::uint64_t> rings_;
  std::condition_variable changed_;
};

}  // namespace adit
