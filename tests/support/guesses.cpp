#include "support/guesses.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace adit::test {

void expect_guesses_at_once_are_held(const std::function<int(const std::string& password)>& guess,
                                     int wrong) {
  constexpr int kGuesses = 50;
  /// That nobody minds; then one a second.
  constexpr int kFree = 20;
  std::atomic<int> looked_at{0};
  std::atomic<int> held{0};
  const auto began = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> guessers;
    for (int i = 0; i < kGuesses; ++i) {
      guessers.emplace_back([&, i] {
        const int status = guess("guess number " + std::to_string(i));
        if (status == wrong) ++looked_at;
        if (status == 429 || status == 503) ++held;
      });
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(looked_at + held, kGuesses);
  EXPECT_LE(looked_at, kFree + took.count());
}

}  // namespace adit::test
