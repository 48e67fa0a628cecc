// History: what happened, in order, for whoever reads a failure.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace adit::test {

/// Lines of the present round and of the one before, and the violations found by workers. Thread-safe.
class History {
 public:
  void begin_round(int round);
  void note(const std::string& line);
  /// Something that no fault excuses.
  void violation(const std::string& line);

  std::vector<std::string> violations() const;
  bool clean() const { return violations().empty(); }
  /// The last `lines_max` lines.
  std::string text(std::size_t lines_max) const;

 private:
  mutable std::mutex mutex_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<std::string> previous_;
  std::vector<std::string> lines_;
  std::vector<std::string> violations_;
};

}  // namespace adit::test
