// WorkerCall: hands a blocking call to the workers and lets the coroutine go on when it has returned.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "base/worker_pool.h"

namespace adit::http {

/// `(start wait)*`; between the two the coroutine may do other things. What the task refers to has to live
/// until wait() returns, so a coroutine never leaves without it. Threads: the executor's, which must run on
/// one thread.
class WorkerCall {
 public:
  WorkerCall(WorkerPool& pool, boost::asio::any_io_executor executor)
      : pool_(pool), executor_(std::move(executor)), state_(std::make_shared<State>()) {}

  /// False when the workers' queue is full: the task was not and will not be run. `task` must not throw.
  /// `on_return` is called on the executor after it, before the coroutine goes on.
  [[nodiscard]] bool start(std::move_only_function<void()> task,
                           std::move_only_function<void()> on_return = {}) {
    state_->running = true;
    state_->on_return = std::move(on_return);
    const bool accepted =
        pool_.submit([state = state_, executor = executor_, work = std::move(task)]() mutable {
          work();
          work = nullptr;
          boost::asio::post(executor, [returned = std::move(state)] { finish(*returned); });
        });
    if (!accepted) state_->running = false;
    return accepted;
  }

  bool running() const { return state_->running; }

  boost::asio::awaitable<void> wait() {
    if (!state_->running) co_return;
    auto keep_handler = [state = state_](auto handler) {
      state->resume = [kept = std::move(handler)]() mutable { std::move(kept)(); };
    };
    co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
        std::move(keep_handler), boost::asio::use_awaitable);
  }

 private:
  struct State {
    bool running = false;
    std::move_only_function<void()> on_return;
    std::move_only_function<void()> resume;
  };

  static void finish(State& state) {
    state.running = false;
    if (auto on_return = std::exchange(state.on_return, nullptr)) on_return();
    if (auto resume = std::exchange(state.resume, nullptr)) resume();
  }

  WorkerPool& pool_;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace adit::http
