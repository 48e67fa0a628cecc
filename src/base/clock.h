// Wall-clock time, injected so that tests can set it.
#pragma once

#include <chrono>
#include <cstdint>

namespace adit {

/// What the contract and the catalog write: milliseconds since the epoch, UTC.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

inline std::int64_t to_epoch_ms(Timestamp time) { return time.time_since_epoch().count(); }
inline Timestamp from_epoch_ms(std::int64_t ms) { return Timestamp(std::chrono::milliseconds(ms)); }

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace adit
