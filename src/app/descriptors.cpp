#include "app/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace adit {
namespace {

constexpr std::size_t kOfAConnection = 2;
/// Its file, its log, what it spills to; or the two ends of the channel to its engine's process.
constexpr std::size_t kOfAPool = 6;
/// The catalog's connections, files that are staged or read, the listeners and the loops.
constexpr std::size_t kOfTheRest = 128;

}  // namespace

std::size_t raise_descriptors_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  const bool done = ::setrlimit(RLIMIT_NOFILE, &raised) == 0;
  return static_cast<std::size_t>(done ? limit.rlim_max : limit.rlim_cur);
}

std::size_t connections_for(std::size_t descriptors, std::size_t pools_open_max) {
  const auto others = kOfTheRest + kOfAPool * pools_open_max;
  return std::max<std::size_t>(1, (descriptors - std::min(descriptors, others)) / kOfAConnection);
}

}  // namespace adit
