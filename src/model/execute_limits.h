// How many jobs a team may execute, and how that is counted.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace adit {

/// A setting of a team. The hour begins at the full hour, UTC.
struct ExecuteLimits {
  static constexpr std::int64_t kMax = 1'000'000;

  std::int64_t per_second = 10;  ///< 1 to kMax, like per_hour
  std::int64_t per_hour = 250;
  bool unlimited = false;  ///< both are left aside

  bool operator==(const ExecuteLimits&) const = default;
};

/// What a team has executed in the windows of now.
struct ExecuteCount {
  std::int64_t latest_ms = 0;        ///< the time of the latest execute
  std::int64_t second_began_ms = 0;  ///< a second begins with the first execute after the last one was over
  std::int64_t in_second = 0;
  std::int64_t hour = 0;  ///< hours since the epoch
  std::int64_t in_hour = 0;
};

/// What one more execute came to. `limit` to `reset` tell of the window that leaves the least room, or that
/// refused; they mean nothing where the team is not limited.
struct ExecuteAdmission {
  bool admitted = true;
  bool limited = false;
  std::int64_t limit = 0;
  std::int64_t remaining = 0;          ///< executes that the window still has room for
  std::chrono::seconds reset{};        ///< until the window is over, at least 1 s
  std::chrono::seconds limit_every{};  ///< how long the window is
};

/// Counts an execute at `at` if there is room for it in both windows; a refused one counts in none.
///
/// Times may come a little out of order, since requests note theirs before they queue up for the catalog: up
/// to 5 s they are taken for the latest. Where a clock was set back further, both windows begin anew: a team
/// may get the room of a window twice, but is never locked out until the clock has caught up.
ExecuteAdmission admit_execute(const ExecuteLimits& limits, ExecuteCount& count, Timestamp at);

}  // namespace adit
