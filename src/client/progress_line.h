// The line that shows how far a push is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace adit::client {

struct ProgressState {
  std::string label;  ///< what is under way: a file's name, `landing`
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0: not known
  std::chrono::duration<double> elapsed{0};
};

/// One line of at most `width` columns, without a line end: label, bar, percent, bytes, rate, time left. A
/// narrow terminal loses the bar first, then the label.
std::string progress_line(const ProgressState& state, std::size_t width);

/// Shows progress on standard error: a line that is redrawn on a terminal, nothing elsewhere. One thread.
class ProgressDisplay {
 public:
  enum class Mode { kAuto, kOff };

  explicit ProgressDisplay(Mode mode);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// Redraws, at most ten times a second unless `label` has changed.
  void show(const ProgressState& state);
  /// Takes the line away, so that other text can be written.
  void clear();
  /// A person watches: lines of text about every step would be too many.
  bool live() const { return live_; }

 private:
  bool live_ = false;
  bool drawn_ = false;
  std::string label_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace adit::client
