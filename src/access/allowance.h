// Allowance: so many at once, and one more after each interval.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace adit {

struct Allowance {
  std::int64_t at_once = 1;
  std::chrono::milliseconds interval{1'000};

  std::chrono::milliseconds whole() const { return interval * at_once; }
};

/// What was used of an allowance (the generic cell rate algorithm: one point in time says all). Not
/// thread-safe.
class UsedAllowance {
 public:
  /// How long until one more is free; not above 0 when one is. A clock that was set back makes nobody wait
  /// for longer than all of it takes.
  std::chrono::milliseconds wait(const Allowance& allowance, Timestamp now) {
    whole_at_ = std::min(whole_at_, now + allowance.whole());
    return whole_at_ - now + allowance.interval - allowance.whole();
  }
  void take(const Allowance& allowance, Timestamp now) {
    whole_at_ = std::max(whole_at_, now) + allowance.interval;
  }
  void give_back(const Allowance& allowance) { whole_at_ -= allowance.interval; }
  bool is_whole(Timestamp now) const { return whole_at_ <= now; }

 private:
  Timestamp whole_at_{};
};

}  // namespace adit
