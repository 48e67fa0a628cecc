// Bounds a user's query in time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/result.h"
#include "warehouse/duckdb/engine.h"

namespace adit {

/// Interrupts a connection when the time is over, when somebody asks to stop, or when `look` finds a reason;
/// again and again until it is destroyed, because an interrupt is lost when it comes between two statements.
class QueryWatch {
 public:
  using Look = std::function<std::optional<Error>()>;

  /// `look`, if given, is called every `kLookInterval` from the watch's own thread.
  QueryWatch(const Connection& connection, std::chrono::milliseconds timeout, const std::stop_token& stop,
             Look look = {});
  QueryWatch(const QueryWatch&) = delete;
  QueryWatch& operator=(const QueryWatch&) = delete;
  ~QueryWatch();

  /// Why the work must end, if it must.
  std::optional<Error> reason() const;

 private:
  void stop(Error reason);
  void run();

  static constexpr std::chrono::milliseconds kLookInterval{100};

  const Connection& connection_;
  const std::chrono::milliseconds timeout_;
  const std::chrono::steady_clock::time_point deadline_;
  const Look look_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Error> reason_;  ///< guarded by mutex_
  bool finished_ = false;        ///< guarded by mutex_
  std::thread thread_;
  std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace adit
