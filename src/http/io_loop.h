// IoLoop: one I/O thread, its event loop, and the connections that live on it.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>
#include <thread>

#include "http/connection.h"
#include "http/places.h"

namespace adit::http {

/// Every connection stays on the loop it began on, so nothing on it needs a lock. A tick looks at all
/// deadlines, which costs a request nothing; deadlines are kept to within `kTick`. Lifecycle: start() runs
/// the thread; stop() ends it, when no connection is left.
class IoLoop {
 public:
  static constexpr std::chrono::milliseconds kTick{50};

  IoLoop();
  ~IoLoop();

  asio::io_context& context() { return context_; }
  void start();
  void stop();

  // On the loop's thread.
  /// `origin`: see Places.
  void add(Connection& connection, const std::string& origin);
  void remove(Connection& connection) { places_.remove(connection); }
  Places& places() { return places_; }

  // From any thread.
  void stop_connections();
  void abort_all();

 private:
  void tick();

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  asio::steady_timer timer_;
  bool ticking_ = false;
  Places places_;
  std::thread thread_;
};

}  // namespace adit::http
