// Failpoints: named places at which a test can kill the process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace adit {

/// Arms one failpoint for this process, as `name` or `name:n`: the n-th time (from 1) that the place is
/// reached, the process is killed by SIGKILL, as a power cut would. Call before any thread is started.
void arm_failpoint(std::string_view specification);

/// Whether a failpoint is armed whose name begins with `prefix`.
bool failpoint_is_armed(std::string_view prefix);
/// What arm_failpoint() was told; empty without one.
std::string armed_failpoint();

namespace failpoint_detail {
extern bool armed;
void reached(std::string_view name);
}  // namespace failpoint_detail

/// Marks a place. Costs one load of a constant when nothing is armed.
inline void failpoint(std::string_view name) {
  if (failpoint_detail::armed) [[unlikely]] {
    failpoint_detail::reached(name);
  }
}

}  // namespace adit
