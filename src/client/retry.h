// When a request that failed is sent again.
//
// Sent again are requests that change nothing when they arrive twice: reads, deletes, and the creation,
// uploads and execute of a push, which carry a key by which the server knows them again. What is worth it: no
// connection to a server that was there before, a connection that was lost, no answer in time, the answers
// 408, 429, 502, 503 and 504, and the 409 which says that the first attempt is still under way. All else
// would end the same way.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <string_view>

#include "base/result.h"

namespace adit::client {

/// Whether to end what is under way. Called often and by any thread.
using StopQuestion = std::function<bool()>;

struct RetryPolicy {
  std::chrono::milliseconds first{200};  ///< the second wait is twice as long, and so on
  std::chrono::milliseconds longest{15'000};
  std::chrono::milliseconds total{30'000};  ///< from the first attempt on; 0 tries once
};

/// Told before each wait: what went wrong, and how long the wait is.
using OnRetry = std::function<void(const Error&, std::chrono::milliseconds)>;

/// The waits between the attempts at one request. One thread.
class Retry {
 public:
  Retry(const RetryPolicy& policy, const StopQuestion& stop, const OnRetry& on_retry)
      : policy_(policy), stop_(stop), on_retry_(on_retry) {}

  /// How long to wait before the next attempt: exponential, between half and all of it by chance, so that
  /// clients do not come back in step; never before `retry_after`. Nothing when that is past the policy's
  /// total.
  std::optional<std::chrono::milliseconds> next_wait(std::optional<std::chrono::seconds> retry_after);
  /// Waits as next_wait() says. False when it is over, or it is to stop.
  bool wait(const Error& error, std::optional<std::chrono::seconds> retry_after);

 private:
  const RetryPolicy& policy_;
  const StopQuestion& stop_;
  const OnRetry& on_retry_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  int attempts_ = 0;
  std::minstd_rand random_{std::random_device()()};
};

/// Whether an answer of that status may be another one later.
bool is_passing(int status);
/// The same for a request without an answer.
bool is_passing(ErrorKind kind);

/// Sleeps in short steps. False as soon as `stop` says so; an empty one never does.
bool sleep_unless(const StopQuestion& stop, std::chrono::milliseconds time);

/// Reads Retry-After (RFC 9110 §10.2.3): seconds, or an HTTP date, of which the time from `now` on is left.
/// Nothing for any other text.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                      std::chrono::system_clock::time_point now);

}  // namespace adit::client
