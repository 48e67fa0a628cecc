// Session: serves one connection, request after request.
#pragma once

#include <functional>
#include <memory>

#include "http/body_reader.h"
#include "http/connection.h"
#include "http/exchange.h"
#include "http/input_buffer.h"
#include "http/places.h"
#include "http/response_writer.h"

namespace adit::http {

/// Lives inside run(). Threads: the connection's loop; handlers and sinks run on the workers meanwhile.
class Session {
 public:
  /// `places` has the connection.
  Session(Connection& connection, const Service& service, Places& places)
      : connection_(connection), service_(service), places_(places) {}

  /// Until the client leaves, an error makes the connection unusable, or the server stops.
  asio::awaitable<void> run();

 private:
  enum class After {
    kNext,     ///< another request may come
    kGoodbye,  ///< the answer was the last, and the client may still be sending
    kNothing,  ///< the connection is over
  };
  asio::awaitable<After> serve_one();
  asio::awaitable<bool> read_head(Exchange& exchange);
  bool parse_head(Exchange& exchange);
  void find_origin(const Exchange& exchange);
  asio::awaitable<void> receive_upload(Exchange& exchange);
  asio::awaitable<void> handle_buffered(Exchange& exchange);
  asio::awaitable<bool> read_buffered_body(Exchange& exchange);
  asio::awaitable<void> run_on_worker(Exchange& exchange, std::function<void()> work);
  asio::awaitable<bool> send_answer(Exchange& exchange);
  asio::awaitable<bool> send_held(Exchange& exchange);
  asio::awaitable<bool> send_stream(Exchange& exchange);
  asio::awaitable<bool> send_live(Exchange& exchange);
  template <class Stream>
  asio::awaitable<bool> send_body_of(Stream& stream, Exchange& exchange);
  asio::awaitable<bool> drop_rest(Exchange& exchange);
  static Persistence persistence_of(const Exchange& exchange);
  void decide_whether_to_close(Exchange& exchange) const;
  Connection::Clock::time_point head_deadline(const Exchange& exchange) const;

  Connection& connection_;
  const Service& service_;
  Places& places_;
  InputBuffer input_;
};

}  // namespace adit::http
