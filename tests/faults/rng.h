// tests/faults kills a real adit at random moments and checks what is left against a model; and it breaks the
// disk.
//
//   rng.h          every random decision, from one seed
//   rows.h         rows that tell where they come from, as CSV and Parquet
//   model.h        what was asked for and what was acknowledged; what a table must hold
//   history.h      what happened, for the reader of a failure
//   operations.h   the workers that push, execute, cancel and delete
//   observation.h  what a settled server says
//   checker.h      the rules; compares an observation with the model
//   rounds.h       rounds: start, work, kill or cut the power, start again, check
//   torture.cpp    the program that runs them
//   failpoints.h   every named place at which a process can be killed
//   shim/          the preloaded library that stands before the calls that change files
//   fault_shim.h   orders to it
//   power_cut.h    what a disk holds when the power is gone
//   crowd.h        peers that are hostile or unlucky, thousands at a time
//   good_client.h  somebody who works beside them
//   soak_client.h  somebody who uses a server in every way, for minutes
//   flatness.h     whether what was measured meanwhile stays where it is
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace adit::test {

/// A source of random decisions. One thread at a time; threads get a fork() each.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : engine_(seed) {}

  /// 0 to bound − 1.
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  std::int64_t between(std::int64_t min, std::int64_t max) {
    return min + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(max - min + 1)));
  }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class Range>
  auto& pick(Range& range) {
    return range[static_cast<std::size_t>(below(range.size()))];
  }
  Rng fork() { return Rng(engine_()); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace adit::test
