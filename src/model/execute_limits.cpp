#include "model/execute_limits.h"

#include <algorithm>

namespace adit {
namespace {

constexpr std::int64_t kDisorderMs = 5'000;
constexpr std::int64_t kSecondMs = 1'000;
constexpr std::int64_t kHourMs = 3'600'000;

/// Makes the windows those of that time; returns the time that counts.
std::int64_t move_windows(ExecuteCount& count, std::int64_t at_ms) {
  if (at_ms < count.latest_ms && count.latest_ms - at_ms < kDisorderMs) at_ms = count.latest_ms;
  const bool set_back = at_ms < count.latest_ms;
  if (set_back || at_ms - count.second_began_ms >= kSecondMs) {
    count.second_began_ms = at_ms;
    count.in_second = 0;
  }
  if (set_back || at_ms / kHourMs > count.hour) {
    count.hour = at_ms / kHourMs;
    count.in_hour = 0;
  }
  return at_ms;
}

std::chrono::seconds rounded_up(std::int64_t ms) {
  return std::chrono::seconds(std::max<std::int64_t>(1, (ms + kSecondMs - 1) / kSecondMs));
}

}  // namespace

ExecuteAdmission admit_execute(const ExecuteLimits& limits, ExecuteCount& count, Timestamp at) {
  if (limits.unlimited) return {};
  const auto now = move_windows(count, to_epoch_ms(at));
  // Counted by what there may be: the limit may have been lowered meanwhile.
  const auto second_room = std::max<std::int64_t>(0, limits.per_second - count.in_second);
  const auto hour_room = std::max<std::int64_t>(0, limits.per_hour - count.in_hour);
  ExecuteAdmission admission;
  admission.limited = true;
  admission.admitted = second_room > 0 && hour_room > 0;
  if (admission.admitted) {
    ++count.in_second;
    ++count.in_hour;
    count.latest_ms = now;
  }
  const bool by_hour = hour_room <= second_room;
  const auto room = by_hour ? hour_room : second_room;
  admission.limit = by_hour ? limits.per_hour : limits.per_second;
  admission.remaining = room - (admission.admitted ? 1 : 0);
  admission.reset =
      rounded_up(by_hour ? (count.hour + 1) * kHourMs - now : count.second_began_ms + kSecondMs - now);
  admission.limit_every = std::chrono::seconds(by_hour ? 3600 : 1);
  return admission;
}

}  // namespace adit
