// How long a piece of work takes, for the metrics.
#pragma once

#include <prometheus/histogram.h>

#include <chrono>

namespace adit {

/// Observes the seconds from its making to its end.
class Stopwatch {
 public:
  explicit Stopwatch(prometheus::Histogram& histogram) : histogram_(histogram) {}
  ~Stopwatch() {
    histogram_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  prometheus::Histogram& histogram_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace adit
