// Wakeup: lets a coroutine wait until somebody wakes it, or a time is over.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace adit::http {

/// A wake that comes while nobody waits ends the next wait at once. Threads: the executor's, which must run
/// on one thread; the waker may be called on any, also after this is gone, as long as the executor's loop is
/// there.
class Wakeup {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Wakeup(boost::asio::any_io_executor executor)
      : state_(std::make_shared<State>(std::move(executor))) {}

  /// Wakes from any thread. Never blocks; many calls before the coroutine goes on cost one step.
  std::function<void()> waker() const {
    return [state = state_] {
      if (state->posted.exchange(true)) return;
      boost::asio::post(state->executor, [state] {
        state->posted = false;
        state->wake();
      });
    };
  }
  /// The same on the executor's thread.
  void wake() { state_->wake(); }

  /// Whether it was woken.
  boost::asio::awaitable<bool> wait_until(Clock::time_point deadline) {
    if (!state_->woken) {
      state_->timer.expires_at(deadline);
      boost::system::error_code error;
      auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
      co_await state_->timer.async_wait(token);
    }
    co_return std::exchange(state_->woken, false);
  }

 private:
  struct State {
    explicit State(boost::asio::any_io_executor on) : executor(std::move(on)), timer(executor) {}
    void wake() {
      woken = true;
      timer.cancel();
    }

    boost::asio::any_io_executor executor;
    boost::asio::steady_timer timer;
    bool woken = false;
    std::atomic<bool> posted = false;
  };

  std::shared_ptr<State> state_;
};

}  // namespace adit::http
