#include "http/upload.h"

#include <utility>

namespace adit::http {

asio::awaitable<bool> send_continue(Connection& connection, Exchange& exchange) {
  if (!std::exchange(exchange.awaits_continue, false)) co_return true;
  const IoStatus status =
      co_await connection.write("HTTP/1.1 100 Continue\r\n\r\n", {}, exchange.service.limits.write_timeout);
  if (status == IoStatus::kDone) co_return true;
  exchange.lose();
  co_return false;
}

Upload::Upload(Connection& connection, InputBuffer& input, Exchange& exchange)
    : connection_(connection),
      exchange_(exchange),
      reader_(connection, input, exchange, exchange.service.limits.streamed_body_bytes_max),
      call_(exchange.service.workers, connection.executor()) {}

bool Upload::start(std::move_only_function<void()> step) {
  const auto stop_reading = [this] {
    if (!exchange_.answer) return;
    reader_.stop();
    connection_.interrupt();
  };
  if (call_.start(std::move(step), stop_reading)) return true;
  exchange_.fail_busy();
  return false;
}

asio::awaitable<void> Upload::run() {
  if (!start([this] { open(); })) co_return;
  co_await call_.wait();
  if (exchange_.known()) connection_.know();
  if (exchange_.answer) co_return;
  const bool told = co_await send_continue(connection_, exchange_);
  if (told) co_await transfer();
  if (!feeder_) co_return;
  // Nothing came of it. The sink may block as it cleans up; with no worker free it has to do so here.
  if (call_.start([this] { feeder_.reset(); })) {
    co_await call_.wait();
  } else {
    feeder_.reset();
  }
}

asio::awaitable<void> Upload::transfer() {
  BodyStatus status = BodyStatus::kMore;
  std::size_t bytes_min = kFirstBlockBytes;
  for (std::size_t current = 0; status != BodyStatus::kDone; current = 1 - current) {
    Block& block = blocks_[current];
    status = co_await reader_.fill(block, bytes_min);
    bytes_min = 0;
    co_await call_.wait();
    if (exchange_.answer) co_return;
    if (status == BodyStatus::kFailed) {
      reader_.report();
      co_return;
    }
    if (!start([this, &block, status] { feed(block.view(), status); })) co_return;
  }
  co_await call_.wait();
}

void Upload::open() {
  if (!exchange_.admit()) return;
  if (!exchange_.memory.take(inflater_bytes_max(exchange_.encoding))) return exchange_.fail_busy();
  const auto& request = exchange_.request;
  const auto boundary = multipart_boundary(request.headers.find("Content-Type").value_or(""));
  if (!boundary) return exchange_.fail(boundary.error());
  try {
    auto sink = exchange_.route->open(request);
    if (!sink) return exchange_.fail(sink.error());
    const auto& limits = exchange_.service.limits;
    BodyForm form{*boundary, limits.parts_max, exchange_.encoding, limits.streamed_body_bytes_max,
                  std::move(exchange_.digest)};
    feeder_ = std::make_unique<BodyFeeder>(*std::move(sink), std::move(form));
  } catch (...) {
    exchange_.fail(error_of_current_exception());
  }
}

void Upload::feed(std::string_view bytes, BodyStatus status) {
  try {
    if (auto fed = feeder_->feed(bytes); !fed) {
      exchange_.fail(fed.error());
    } else if (status == BodyStatus::kDone) {
      auto finished = feeder_->finish();
      if (finished) {
        exchange_.answer = *std::move(finished);
      } else {
        exchange_.fail(finished.error());
      }
    }
  } catch (...) {
    exchange_.fail(error_of_current_exception());
  }
  if (exchange_.answer) feeder_.reset();
}

}  // namespace adit::http
