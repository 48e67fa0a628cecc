// What a server that is used takes of the machine, second by second, and whether that stays as it is.
#pragma once

#include <cstdint>
#include <vector>

#include "faults/flatness.h"
#include "support/process_sample.h"
#include "support/server.h"

namespace adit::test {

/// What must stay flat, and by how much it may rise over the second half, as it fits best.
struct Series {
  const char* name;
  double unit;  ///< what is printed is divided by it
  double growth_max;
  double growth_max_of_mean;
  std::vector<Measured> values{};

  double allowed(const std::vector<Measured>& later) const;
};

/// Of the server and its engines' processes.
class SoakMeasure {
 public:
  void measure(Server& server, double seconds);
  void print_line(std::uint64_t acts) const;
  /// Prints what was measured from `begin` on, and returns how much of it has grown.
  std::size_t judge(double begin) const;
  /// By how much the catalog grew since then.
  double catalog_growth(double begin) const;

 private:
  static constexpr double kMib = 1 << 20;

  Series resident_{"memory, MiB", kMib, 32 * kMib, 0.05};
  Series descriptors_{"descriptors", 1, 6, 0.1};
  Series threads_{"threads", 1, 2, 0};
  Series tables_{"pools and chunks, MiB", kMib, 32 * kMib, 0.15};
  Series catalog_{"catalog, KiB for each act", 1024, 0, 0};
};

/// What the server has, but for the catalog's descriptors, when hardly anything has been asked for a while:
/// each pool a small query now and then, for the engine's allocator gives back what it keeps only as it is
/// asked for more.
ProcessSample at_rest(const Server& server, const std::vector<std::string>& pools);
/// Prints both and returns how much of what it took was not given back.
std::size_t judge_rest(const ProcessSample& warm, const ProcessSample& end, double acts);

}  // namespace adit::test
