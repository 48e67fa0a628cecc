#include "http/connection.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace adit::http {
namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t kDiscardBytes = 64 * 1024;

/// Of somebody who may send a request at any moment, or just has his answer.
constexpr std::chrono::seconds kFreshTime{2};

std::string address_of(const tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "unknown";
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace

Connection::Connection(tcp::socket socket, std::shared_ptr<asio::ssl::context> tls)
    : socket_(std::move(socket)), context_(std::move(tls)), peer_(address_of(socket_)) {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  if (context_) tls_.emplace(socket_, *context_);
}

void Connection::begin(Direction direction, Clock::time_point deadline) {
  direction_ = direction;
  deadline_ = deadline;
  expired_ = false;
  waiting_ = true;
  waiting_since_ = Clock::now();
}

void Connection::moved(std::size_t bytes) {
  waiting_ = false;
  waited_ += Clock::now() - waiting_since_;
  moved_ += bytes;
  if (moved_ < kPaceMin) return;
  waited_ = {};
  moved_ = 0;
}

void Connection::enter(Phase phase) {
  if (phase == phase_ && phase != Phase::kExchange) return;  // the next exchange is another one
  phase_ = phase;
  since_ = Clock::now();
  waited_ = {};
  moved_ = 0;
}

Standing Connection::standing(Clock::time_point now) const {
  if (aborted_ || !waiting_) return Standing::kBusy;
  if (phase_ == Phase::kExchange && !slow(now)) {
    return direction_ == Direction::kIn ? Standing::kPaced : Standing::kBusy;
  }
  if (phase_ != Phase::kExchange && now - since_ < kFreshTime) return Standing::kFresh;
  if (!known_) return Standing::kStranger;
  return phase_ == Phase::kExchange ? Standing::kSlow : Standing::kIdle;
}

IoStatus Connection::status_of(const error_code& error) const {
  if (!error) return IoStatus::kDone;
  if (expired_) return IoStatus::kTimeout;
  return error == asio::error::operation_aborted ? IoStatus::kInterrupted : IoStatus::kEnd;
}

bool Connection::peer_has_closed() {
  pollfd look{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void Connection::check_deadline(Clock::time_point now) {
  if (on_gone_ && peer_has_closed()) std::exchange(on_gone_, nullptr)();
  if (!waiting_ || now < deadline_) return;
  expired_ = true;
  deadline_ = Clock::time_point::max();
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::interrupt() {
  error_code ignored;
  if (waiting_) socket_.cancel(ignored);
}

void Connection::abort() {
  aborted_ = true;
  close();
}

void Connection::stop() {
  if (phase_ == Phase::kPause || phase_ == Phase::kGoodbye) return abort();
  if (on_stop_) std::exchange(on_stop_, nullptr)();
}

void Connection::limit_unacknowledged(Milliseconds timeout) {
  const auto ms = static_cast<unsigned int>(timeout.count());
  // A connection without this only takes longer to be found dead.
  static_cast<void>(::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms));
}

void Connection::close() {
  error_code ignored;
  socket_.close(ignored);
}

void Connection::end_by(Ending ending) {
  error_code ignored;
  socket_.set_option(tcp::socket::linger(ending == Ending::kReset, 0), ignored);
}

asio::awaitable<IoStatus> Connection::handshake(Milliseconds timeout) {
  if (!tls_) co_return IoStatus::kDone;
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  begin(Direction::kIn, Clock::now() + timeout);
  co_await tls_->async_handshake(asio::ssl::stream_base::server, token);
  waiting_ = false;
  co_return status_of(error);
}

asio::awaitable<IoResult> Connection::read_some(std::span<char> buffer, Clock::time_point deadline) {
  IoResult result;
  if (aborted_) {
    result.status = IoStatus::kInterrupted;
    co_return result;
  }
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  const auto target = asio::mutable_buffer(buffer.data(), buffer.size());
  begin(Direction::kIn, deadline);
  if (tls_) {
    result.bytes = co_await tls_->async_read_some(target, token);
  } else {
    result.bytes = co_await socket_.async_read_some(target, token);
  }
  moved(result.bytes);
  result.status = status_of(error);
  co_return result;
}

asio::awaitable<IoStatus> Connection::write(std::string_view first, std::string_view second,
                                            Milliseconds timeout) {
  while (!first.empty() || !second.empty()) {
    if (aborted_) co_return IoStatus::kInterrupted;
    error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const std::array<asio::const_buffer, 2> pieces{asio::const_buffer(first.data(), first.size()),
                                                   asio::const_buffer(second.data(), second.size())};
    std::size_t written = 0;
    begin(Direction::kOut, Clock::now() + timeout);
    if (tls_) {
      written = co_await tls_->async_write_some(pieces, token);
    } else {
      written = co_await socket_.async_write_some(pieces, token);
    }
    moved(written);
    if (error) co_return status_of(error);
    const auto of_first = std::min(written, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(written - of_first);
  }
  co_return IoStatus::kDone;
}

asio::awaitable<void> Connection::linger(Milliseconds silence, Milliseconds total, std::uint64_t bytes_max) {
  if (aborted_) co_return;
  const auto end = Clock::now() + total;
  error_code error;
  if (tls_) {
    // Sends close_notify; returns when the peer has sent its own, or anything else.
    auto token = asio::redirect_error(asio::use_awaitable, error);
    begin(Direction::kIn, Clock::now() + silence);
    co_await tls_->async_shutdown(token);
    waiting_ = false;
  }
  socket_.shutdown(tcp::socket::shutdown_send, error);
  if (!error) co_await discard(silence, end, bytes_max);
}

asio::awaitable<void> Connection::discard(Milliseconds silence, Clock::time_point end,
                                          std::uint64_t bytes_max) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(kDiscardBytes);
  const auto target = asio::mutable_buffer(buffer.get(), kDiscardBytes);
  std::uint64_t discarded = 0;
  while (!aborted_ && discarded < bytes_max && Clock::now() < end) {
    error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    begin(Direction::kIn, std::min(Clock::now() + silence, end));
    discarded += co_await socket_.async_read_some(target, token);
    waiting_ = false;
    if (error) co_return;
  }
}

}  // namespace adit::http
