// IoLoop: one I/O thread, its event loop, and the connections that live on it.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "http/connection.h"

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
  /// `origin` says which connections are one client's; an empty one says nothing.
  void add(Connection& connection, const std::string& origin);
  void remove(Connection& connection);
  /// Closes the connection with the least to lose, for one of `newcomer`: the lowest standing, among those
  /// the origin with the most connections here, of its the one whose phase began first. One that is paced
  /// only goes where its origin has many times the newcomer's connections. False when there is none.
  bool make_room(const std::string& newcomer);

  // From any thread.
  void stop_connections();
  void abort_all();

 private:
  /// Connections of an origin; the map's nodes stay where they are.
  using Origins = std::unordered_map<std::string, std::size_t>;

  void tick();

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  asio::steady_timer timer_;
  bool ticking_ = false;
  Origins origins_;
  std::unordered_map<Connection*, Origins::value_type*> connections_;  ///< nothing where the origin is empty
  std::thread thread_;
};

}  // namespace adit::http
