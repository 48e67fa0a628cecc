// bench/ measures adit against what its user would otherwise have: the engine alone, or a plain web server.
// It knows adit only from outside: the real binary over HTTP.
//
// This header: samples, what is made of them, and the table in the end.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

namespace adit::bench {

using SteadyClock = std::chrono::steady_clock;
using Instant = SteadyClock::time_point;

inline double seconds_between(Instant begin, Instant end) {
  return std::chrono::duration<double>(end - begin).count();
}

/// Of at least one value.
double median(std::vector<double> values);
/// The smallest value that `share` (0 to 1) of the values do not exceed.
double quantile(std::vector<double> values, double share);

/// What adit and its yardstick took in the same turn, in seconds, pair by pair.
struct Pairs {
  std::vector<double> adit;
  std::vector<double> yardstick;
};

enum class Bound { kAtMost, kAtLeast };

struct Target {
  Bound bound = Bound::kAtMost;
  double value = 0;
  std::string unit;  ///< stands behind numbers: "×", " MiB", " ms"
  int decimals = 2;
};

/// One line of the table.
struct Line {
  std::string name;
  std::string adit;
  std::string yardstick;
  std::string result;  ///< what is held against the target, with its spread
  std::string target;
  bool met = false;
};

std::string number_text(double value, int decimals, const std::string& unit);

/// The line of a comparison: the median of the paired ratios adit/yardstick counts, a noisy minute hits both
/// sides of a pair. The text of a median is `scale` times the seconds, with `unit` behind it.
Line ratio_line(std::string name, const Pairs& pairs, const Target& target);
/// The same for throughput: what is shown is MB/s (10^6), and the ratio is adit's throughput over the
/// yardstick's.
Line throughput_line(std::string name, const Pairs& pairs, double bytes, const Target& target);
/// The difference of the medians, in milliseconds.
Line difference_line(std::string name, const Pairs& pairs, const Target& target);
/// A figure without a yardstick: the median of the values.
Line absolute_line(std::string name, const std::vector<double>& values, const Target& target);

void print_table(std::ostream& out, const std::vector<Line>& lines);

}  // namespace adit::bench
