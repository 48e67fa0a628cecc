#include "warehouse/duckdb/query_watch.h"

#include <algorithm>
#include <string>
#include <utility>

namespace adit {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kInterruptInterval{5};
constexpr std::chrono::milliseconds kTimeoutMax{std::chrono::hours(24)};

}  // namespace

QueryWatch::QueryWatch(const Connection& connection, std::chrono::milliseconds timeout,
                       const std::stop_token& stop_token, Look look)
    : connection_(connection),
      timeout_(std::clamp(timeout, std::chrono::milliseconds(0), kTimeoutMax)),
      deadline_(SteadyClock::now() + timeout_),
      look_(std::move(look)),
      thread_([this] { run(); }),
      on_stop_(stop_token, [this] { stop({ErrorKind::kCanceled, "The query was canceled."}); }) {}

QueryWatch::~QueryWatch() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::optional<Error> QueryWatch::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

void QueryWatch::stop(Error reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!reason_) reason_ = std::move(reason);
  }
  wake_.notify_all();
}

void QueryWatch::run() {
  std::unique_lock lock(mutex_);
  while (!finished_) {
    if (!reason_ && SteadyClock::now() >= deadline_) {
      reason_ = Error{ErrorKind::kTimeout,
                      "The query took longer than " + std::to_string(timeout_.count()) + " ms."};
    }
    if (!reason_ && look_) reason_ = look_();
    if (reason_) {
      connection_.interrupt();
      wake_.wait_for(lock, kInterruptInterval);
    } else {
      wake_.wait_until(lock, look_ ? std::min(deadline_, SteadyClock::now() + kLookInterval) : deadline_);
    }
  }
}

}  // namespace adit
