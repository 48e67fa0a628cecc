#include "client/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "client/human.h"

namespace adit::client {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr std::size_t kLabelWidth = 28;
constexpr std::chrono::milliseconds kRedraw{100};
constexpr double kShareForAnEstimate = 0.01;  ///< before that, a rate says nothing yet

std::string bar(double share) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(kBarWidth));
  return "[" + std::string(full, '#') + std::string(kBarWidth - full, '.') + "]";
}

std::string figures(const ProgressState& state, double share) {
  const auto done = static_cast<double>(state.done);
  std::string text = std::to_string(static_cast<int>(share * 100)) + " %";
  text.insert(0, 5 - std::min<std::size_t>(5, text.size()), ' ');
  text += "  " + human_bytes(done) + " of " + human_bytes(static_cast<double>(state.total));
  if (share < kShareForAnEstimate) return text;
  text += "  " + human_rate(done, state.elapsed);
  if (state.done < state.total) {
    const double left = state.elapsed.count() / done * static_cast<double>(state.total - state.done);
    text += "  " + human_time(std::chrono::duration<double>(left)) + " left";
  }
  return text;
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string progress_line(const ProgressState& state, std::size_t width) {
  if (state.total == 0) return cut_to_width(state.label + "  " + human_time(state.elapsed), width);
  const double share = std::min(1.0, static_cast<double>(state.done) / static_cast<double>(state.total));
  const std::string label = cut_to_width(state.label, kLabelWidth);
  const std::string numbers = figures(state, share);
  for (const auto& line : {label + "  " + bar(share) + numbers, label + " " + numbers}) {
    if (display_width(line) <= width) return line;
  }
  return cut_to_width(numbers, width);
}

ProgressDisplay::ProgressDisplay(Mode mode) : live_(mode == Mode::kAuto && ::isatty(STDERR_FILENO) == 1) {}

ProgressDisplay::~ProgressDisplay() { clear(); }

void ProgressDisplay::show(const ProgressState& state) {
  const auto now = std::chrono::steady_clock::now();
  const bool ended = state.total > 0 && state.done >= state.total;
  if (!live_ || (drawn_ && !ended && state.label == label_ && now - last_ < kRedraw)) return;
  label_ = state.label;
  last_ = now;
  drawn_ = true;
  // The last column stays free: some terminals wrap when it is written.
  std::fprintf(stderr, "\r\x1b[K%s", progress_line(state, terminal_width() - 1).c_str());
  std::fflush(stderr);
}

void ProgressDisplay::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace adit::client
