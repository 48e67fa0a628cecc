#include "http/download.h"

#include <utility>

#include "base/log.h"

namespace adit::http {
Download::Download(Connection& connection, Exchange& exchange)
    : connection_(connection),
      exchange_(exchange),
      call_(exchange.service.workers, connection.executor()),
      source_(std::move(exchange.answer->source)) {}

bool Download::start_reading(std::string& piece) {
  piece.clear();
  return call_.start([this, &piece] {
    try {
      outcome_ = source_->read(piece);
    } catch (...) {
      outcome_ = error_of_current_exception();
    }
  });
}

asio::awaitable<void> Download::prepare() {
  exchange_.answer->source = source_;
  const bool has_body = exchange_.request.method != Method::kHead;
  if (has_body && !start_reading(pieces_[0])) {
    exchange_.fail_busy();
    co_await drop_source();
    co_return;
  }
  co_await call_.wait();
  if (!outcome_) {
    exchange_.fail(outcome_.error());
    co_await drop_source();
    co_return;
  }
  if (exchange_.answer->source_bytes) co_return;
  framing_ = exchange_.parser.head().version < 11 ? Framing::kUntilEnd : Framing::kChunked;
  if (framing_ == Framing::kUntilEnd) exchange_.close = true;
}

asio::awaitable<bool> Download::send(std::string head) {
  bool sent = false;
  if (exchange_.request.method == Method::kHead) {
    const IoStatus status = co_await connection_.write(head, {}, exchange_.service.limits.write_timeout);
    sent = status == IoStatus::kDone;
    exchange_.bytes_out = head.size();
  } else {
    sent = co_await send_pieces(std::move(head));
  }
  co_await drop_source();
  co_return sent;
}

std::string Download::framed(const std::string& piece) const {
  return framing_ == Framing::kChunked ? chunk_head(piece.size()) : std::string();
}

asio::awaitable<bool> Download::send_pieces(std::string head) {
  const auto timeout = exchange_.service.limits.write_timeout;
  const std::string_view after = framing_ == Framing::kChunked ? "\r\n" : "";
  std::string before = std::move(head);
  for (std::size_t current = 0; !pieces_[current].empty(); current = 1 - current) {
    if (!start_reading(pieces_[1 - current])) {
      log::warning("a streamed answer was broken off: no worker was free",
                   {{"reference", exchange_.request.reference}});
      co_return false;
    }
    before += framed(pieces_[current]);
    exchange_.bytes_out += before.size() + pieces_[current].size();
    const std::string_view piece = pieces_[current];
    const IoStatus status = co_await connection_.write(before, piece, timeout);
    co_await call_.wait();
    if (status != IoStatus::kDone) co_return false;
    if (!outcome_) {
      log::error("a streamed answer was broken off", {{"reference", exchange_.request.reference},
                                                      {"message", outcome_.error().public_message},
                                                      {"detail", outcome_.error().internal_detail}});
      co_return false;
    }
    before = after;
  }
  if (framing_ == Framing::kChunked) before += kLastChunk;
  exchange_.bytes_out += before.size();
  const IoStatus status = co_await connection_.write(before, {}, timeout);
  co_return status == IoStatus::kDone;
}

/// The source may block as it ends; with no worker free it has to do so here.
asio::awaitable<void> Download::drop_source() {
  if (exchange_.answer) exchange_.answer->source.reset();
  if (call_.start([this] { source_.reset(); })) {
    co_await call_.wait();
  } else {
    source_.reset();
  }
}

}  // namespace adit::http
