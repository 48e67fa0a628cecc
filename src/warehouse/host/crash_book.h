// What is remembered of engines' processes that ended by themselves.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <unordered_map>

#include "base/guarded.h"
#include "model/ids.h"

namespace adit {

/// So often a chunk's staging or a job's landing may be under way while its engine's process ends.
inline constexpr std::size_t kCrashesMax = 2;

/// Which work was under way when a process ended, and how soon the next one may start. In memory: a restart
/// of the server forgives. Thread-safe. Bounded: when very much is remembered, all is forgotten.
class CrashBook {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// One more end while this was under way.
  void blame(const Uuid& work);
  /// Whether it has been under way too often. What must not be tried again.
  bool is_given_up(const Uuid& work) const;
  void forgive(const Uuid& work);

  void process_ended(PoolId pool, Time now);
  /// How long no process may be started yet: none after the first ends, then longer after each one, up to ten
  /// seconds; a minute without an end makes good.
  std::chrono::milliseconds wait_left(PoolId pool, Time now) const;

 private:
  struct Ends {
    std::size_t count = 0;
    Time last{};
  };

  Guarded<std::unordered_map<Uuid, std::size_t>> blamed_;
  Guarded<std::map<PoolId, Ends>> ends_;
};

}  // namespace adit
