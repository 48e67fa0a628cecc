// Listener: accepts connections on one address and hands them on.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/connection.h"

namespace adit::http {

/// Lifecycle: open() binds; run() accepts until close(). Threads: its executor's, but for open() and
/// address().
class Listener {
 public:
  /// Names the executor that the next connection will live on.
  using ChooseExecutor = std::function<asio::any_io_executor()>;
  using OnConnection = std::function<void(asio::ip::tcp::socket)>;

  /// `address` is HOST:PORT, [IPV6]:PORT; port 0 is any. kInvalid if it can't be understood, resolved or
  /// bound.
  static Result<std::unique_ptr<Listener>> open(asio::io_context& context, const std::string& address);

  asio::awaitable<void> run(ChooseExecutor choose_executor, OnConnection on_connection);
  void close();
  /// What was bound.
  const std::string& address() const { return address_; }

 private:
  explicit Listener(asio::io_context& context) : acceptor_(context) {}

  asio::ip::tcp::acceptor acceptor_;
  std::string address_;
};

}  // namespace adit::http
