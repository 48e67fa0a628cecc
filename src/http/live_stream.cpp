#include "http/live_stream.h"

#include <utility>

#include "base/log.h"

namespace adit::http {
namespace {

/// Until a worker is asked again when all were busy.
constexpr std::chrono::milliseconds kBusyPause{100};

}  // namespace

LiveStream::LiveStream(Connection& connection, Exchange& exchange)
    : connection_(connection),
      exchange_(exchange),
      call_(exchange.service.workers, connection.executor()),
      wakeup_(connection.executor()),
      source_(std::move(exchange.answer->live)) {
  if (exchange_.parser.head().version >= 11) return;
  framing_ = Framing::kUntilEnd;
  exchange_.close = true;
}

asio::awaitable<bool> LiveStream::send(std::string head) {
  bool sent = false;
  if (exchange_.request.method == Method::kHead) {
    const IoStatus status = co_await connection_.write(head, {}, exchange_.service.limits.write_timeout);
    sent = status == IoStatus::kDone;
    exchange_.bytes_out = head.size();
  } else {
    watch();
    sent = co_await send_pieces(std::move(head));
    connection_.unwatch_peer();
    connection_.unwatch_stop();
  }
  co_await drop_source();
  if (stopping()) exchange_.close = true;
  co_return sent;
}

void LiveStream::watch() {
  source_->set_wake(wakeup_.waker());
  connection_.watch_peer([this] {
    gone_ = true;
    exchange_.client_gone.request_stop();
    wakeup_.wake();
  });
  connection_.watch_stop([this] { wakeup_.wake(); });
  // Of a client that vanished without a word nothing is heard; the system then gives the connection up.
  connection_.limit_unacknowledged(exchange_.service.limits.write_timeout);
}

asio::awaitable<bool> LiveStream::send_pieces(std::string head) {
  std::string before = std::move(head);
  while (!gone_) {
    const bool read = co_await read_piece();
    if (!read) co_return false;
    const bool written = co_await write_piece(std::exchange(before, {}));
    if (!written) co_return false;
    if (*state_ == LiveSource::State::kEnded || stopping()) {
      const std::string_view last = framing_ == Framing::kChunked ? kLastChunk : std::string_view();
      exchange_.bytes_out += last.size();
      const IoStatus status = co_await connection_.write(last, {}, exchange_.service.limits.write_timeout);
      co_return status == IoStatus::kDone;
    }
    if (*state_ == LiveSource::State::kOpen) co_await wait();
  }
  co_return false;
}

asio::awaitable<void> LiveStream::wait() {
  const auto deadline = Wakeup::Clock::now() + source_->silence_max();
  const bool woken = co_await wakeup_.wait_until(deadline);
  occasion_ = woken ? LiveSource::Occasion::kNews : LiveSource::Occasion::kSilence;
}

/// Asks the source; false when it failed. Where no worker is free it is asked again soon.
asio::awaitable<bool> LiveStream::read_piece() {
  piece_.clear();
  std::function<void()> read = [this] {
    try {
      state_ = source_->read(piece_, occasion_);
    } catch (...) {
      state_ = error_of_current_exception();
    }
  };
  if (call_.start(read)) {
    co_await call_.wait();
  } else {
    state_ = LiveSource::State::kMore;
    const auto soon = Wakeup::Clock::now() + kBusyPause;
    co_await wakeup_.wait_until(soon);
  }
  if (state_) co_return true;
  log::error("a stream of events was broken off", {{"reference", exchange_.request.reference},
                                                   {"message", state_.error().public_message},
                                                   {"detail", state_.error().internal_detail}});
  co_return false;
}

asio::awaitable<bool> LiveStream::write_piece(std::string before) {
  if (before.empty() && piece_.empty()) co_return true;
  const bool chunked = framing_ == Framing::kChunked && !piece_.empty();
  if (chunked) {
    before += chunk_head(piece_.size());
    piece_ += "\r\n";
  }
  exchange_.bytes_out += before.size() + piece_.size();
  const IoStatus status = co_await connection_.write(before, piece_, exchange_.service.limits.write_timeout);
  co_return status == IoStatus::kDone;
}

/// The source may block as it ends; with no worker free it has to do so here.
asio::awaitable<void> LiveStream::drop_source() {
  if (call_.start([this] { source_.reset(); })) {
    co_await call_.wait();
  } else {
    source_.reset();
  }
}

}  // namespace adit::http
