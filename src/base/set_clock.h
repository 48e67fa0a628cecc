// SetClock: the time of tests.
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace adit {

/// Stands still until it is moved, forwards or back. Thread-safe.
class SetClock final : public Clock {
 public:
  Timestamp now() const override { return from_epoch_ms(ms_); }
  void advance(std::chrono::milliseconds by) { ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> ms_{1'700'000'000'000};
};

}  // namespace adit
