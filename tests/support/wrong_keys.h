// WrongKeyLoad: somebody who looks for a key, at full speed.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace adit::test {

/// Where the wrong keys come from.
enum class WrongKeySource {
  kOneAddress,     ///< the connections' own
  kManyAddresses,  ///< another one each time, as a proxy tells it: the server must trust the loopback address
};

struct WrongKeyOptions {
  WrongKeySource source = WrongKeySource::kOneAddress;
  double per_second = 10'000;  ///< at most, by all connections together
  int connections = 4;
};

/// What the server said to them, until the load was stopped.
struct WrongKeyAnswers {
  std::uint64_t refused = 0;  ///< 401
  std::uint64_t slowed = 0;   ///< 429
  std::uint64_t others = 0;
  double seconds = 0;

  std::uint64_t all() const { return refused + slowed + others; }
  double per_second() const { return static_cast<double>(all()) / seconds; }
};

/// Sends well-formed keys that nobody has, several in one piece, from construction to stop().
class WrongKeyLoad {
 public:
  WrongKeyLoad(std::string address, WrongKeyOptions options);
  ~WrongKeyLoad();
  WrongKeyLoad(const WrongKeyLoad&) = delete;
  WrongKeyLoad& operator=(const WrongKeyLoad&) = delete;

  /// Answers so far; any thread.
  std::uint64_t answers() const { return refused_ + slowed_ + others_; }
  /// Rethrows what ended a connection before.
  WrongKeyAnswers stop();

 private:
  void work(int connection);
  std::string requests(std::uint64_t& random) const;

  const std::string address_;
  const WrongKeyOptions options_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> slowed_{0};
  std::atomic<std::uint64_t> others_{0};
  std::vector<std::exception_ptr> failures_;  ///< one a connection
  std::vector<std::thread> threads_;
};

}  // namespace adit::test
