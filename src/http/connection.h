// Connection: one accepted socket, plain or TLS, with a deadline on everything that waits for the peer.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace adit::http {

namespace asio = boost::asio;

enum class IoStatus {
  kDone,
  kEnd,          ///< the peer has closed its side, or the connection broke
  kTimeout,      ///< the deadline passed
  kInterrupted,  ///< interrupt() or abort() was called
};

struct IoResult {
  IoStatus status = IoStatus::kDone;
  std::size_t bytes = 0;
};

/// What a connection is in the middle of.
enum class Phase {
  kPause,     ///< no byte of a request has come
  kHead,      ///< of a request
  kExchange,  ///< from the end of a head to the end of the answer
  kGoodbye,   ///< the last answer was sent
};

/// How much would be lost if a connection were closed now, least first.
enum class Standing {
  kStranger,  ///< none of its requests has been let in, and it has had the time to send one
  kIdle,      ///< waits for its next request
  kSlow,      ///< in the middle of a body or an answer that hardly moves: see kPaceMin
  kFresh,     ///< came or was answered a moment ago
  kPaced,     ///< in the middle of a body that comes at a pace
  kBusy,      ///< the server works on its request, or its client takes the answer at a pace
};

/// How the peer learns that the connection was closed.
enum class Ending {
  kOrderly,
  kReset,  ///< as an error: what it was sent is not whole
};

/// Threads: all on the one thread of its I/O loop. At most one operation at a time.
class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;

  /// `tls` is null for a plain connection.
  Connection(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> tls);

  /// A peer is slow when the server has waited a second for so many bytes.
  static constexpr std::uint64_t kPaceMin = 1024;

  asio::any_io_executor executor() { return socket_.get_executor(); }
  const std::string& peer() const { return peer_; }
  bool secure() const { return tls_.has_value(); }

  asio::awaitable<IoStatus> handshake(Milliseconds timeout);
  asio::awaitable<IoResult> read_some(std::span<char> buffer, Clock::time_point deadline);
  /// Writes both pieces, one after the other; `timeout` is for each step.
  asio::awaitable<IoStatus> write(std::string_view first, std::string_view second, Milliseconds timeout);
  /// Says goodbye, then reads and drops what still comes, so that the peer can read the last answer before
  /// its own unread bytes reset the connection. Ends after `silence` without a byte, at `total`, or after
  /// `bytes_max`.
  asio::awaitable<void> linger(Milliseconds silence, Milliseconds total, std::uint64_t bytes_max);
  void close();
  /// From now on, whoever closes it: abort() and the end of the process, too. kReset drops what was not sent
  /// yet.
  void end_by(Ending ending);

  /// In a pause and at the goodbye stop() closes it at once.
  void enter(Phase phase);
  /// From now on it is no stranger's: a request of it was let in.
  void know() { known_ = true; }
  Standing standing(Clock::time_point now) const;
  /// When its phase began.
  Clock::time_point since() const { return since_; }
  /// Lets the operation that waits now fail with kInterrupted.
  void interrupt();
  /// Lets this and all later operations fail.
  void abort();
  /// From now on `on_gone` is called, once, when the peer is seen to have closed its side: within the loop's
  /// tick, and without reading what it has sent.
  void watch_peer(std::function<void()> on_gone) { on_gone_ = std::move(on_gone); }
  void unwatch_peer() { on_gone_ = nullptr; }
  /// From now on `on_stop` is called, once, when the server begins to stop.
  void watch_stop(std::function<void()> on_stop) { on_stop_ = std::move(on_stop); }
  void unwatch_stop() { on_stop_ = nullptr; }
  /// The server begins to stop: closes it if it is idle.
  void stop();
  /// From now on the system takes the connection for broken when what was written is not acknowledged for
  /// `timeout` (TCP_USER_TIMEOUT, RFC 5482).
  void limit_unacknowledged(Milliseconds timeout);
  /// Called by the loop's tick.
  void check_deadline(Clock::time_point now);

 private:
  bool peer_has_closed();
  bool slow(Clock::time_point now) const {
    return waited_ + (now - waiting_since_) >= std::chrono::seconds(1);
  }
  void moved(std::size_t bytes);
  IoStatus status_of(const boost::system::error_code& error) const;
  enum class Direction { kIn, kOut };
  void begin(Direction direction, Clock::time_point deadline);
  asio::awaitable<void> discard(Milliseconds silence, Clock::time_point end, std::uint64_t bytes_max);

  asio::ip::tcp::socket socket_;
  const std::shared_ptr<asio::ssl::context> context_;  ///< the one of its handshake, whatever came since
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
  std::string peer_;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::function<void()> on_gone_;
  std::function<void()> on_stop_;
  Phase phase_ = Phase::kPause;
  Clock::time_point since_ = Clock::now();
  Clock::time_point waiting_since_{};
  Direction direction_ = Direction::kIn;  ///< of the operation that waits
  Clock::duration waited_{};              ///< for the peer, since the last kPaceMin bytes
  std::uint64_t moved_ = 0;               ///< bytes, likewise
  bool known_ = false;
  bool waiting_ = false;
  bool expired_ = false;
  bool aborted_ = false;
};

}  // namespace adit::http
