#include "base/failpoint.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>

namespace adit {
namespace failpoint_detail {

bool armed = false;

namespace {
std::string armed_name;
std::string armed_specification;
std::atomic<int> hits_left{0};
}  // namespace

void reached(std::string_view name) {
  if (name == armed_name && hits_left.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
}

}  // namespace failpoint_detail

bool failpoint_is_armed(std::string_view prefix) {
  return failpoint_detail::armed && failpoint_detail::armed_name.starts_with(prefix);
}

std::string armed_failpoint() { return failpoint_detail::armed_specification; }

void arm_failpoint(std::string_view specification) {
  failpoint_detail::armed_specification = specification;
  int hits = 1;
  if (const auto colon = specification.rfind(':'); colon != std::string_view::npos) {
    const auto digits = specification.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), hits);
    specification = specification.substr(0, colon);
  }
  failpoint_detail::armed_name = specification;
  failpoint_detail::hits_left = hits;
  failpoint_detail::armed = !specification.empty();
}

}  // namespace adit
