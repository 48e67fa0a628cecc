#include "faults/history.h"

#include <utility>

namespace adit::test {

void History::begin_round(int round) {
  const std::lock_guard lock(mutex_);
  previous_ = std::exchange(lines_, {});
  lines_.push_back("=== round " + std::to_string(round));
}

void History::note(const std::string& line) {
  const auto since = std::chrono::steady_clock::now() - start_;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  const std::lock_guard lock(mutex_);
  lines_.push_back(std::to_string(ms) + " ms  " + line);
}

void History::violation(const std::string& line) {
  note("VIOLATION " + line);
  const std::lock_guard lock(mutex_);
  violations_.push_back(line);
}

std::vector<std::string> History::violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

std::string History::text(std::size_t lines_max) const {
  const std::lock_guard lock(mutex_);
  auto all = previous_;
  all.insert(all.end(), lines_.begin(), lines_.end());
  std::string text;
  for (std::size_t i = all.size() > lines_max ? all.size() - lines_max : 0; i < all.size(); ++i)
    text += all[i] + "\n";
  return text;
}

}  // namespace adit::test
