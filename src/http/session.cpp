#include "http/session.h"

#include <utility>

#include "http/download.h"
#include "http/forwarded.h"
#include "http/live_stream.h"
#include "http/response_writer.h"
#include "http/upload.h"
#include "http/worker_call.h"

namespace adit::http {
namespace {

constexpr std::size_t kHeadReadBytes = 4 * 1024;
/// An unread body up to this size is read and dropped, so that the connection can go on.
constexpr std::uint64_t kDropBytesMax = 64 * 1024;
/// A body up to this size is copied behind its head and both are written as one piece.
constexpr std::size_t kOnePieceBytesMax = 64 * 1024;
constexpr std::chrono::seconds kLingerSilence{3};
constexpr std::chrono::seconds kLingerTotal{30};

/// A body up to this size is held without asking whether there is memory for it.
constexpr std::size_t kHeldBytesMin = 64 * 1024;

/// False where the bodies that are held leave no memory for more of this one.
bool hold(Exchange& exchange, std::string_view bytes) {
  auto& body = exchange.request.body;
  // A text that grows by pieces takes twice its size at times.
  if (body.size() + bytes.size() > kHeldBytesMin && !exchange.memory.take(2 * bytes.size())) return false;
  body.append(bytes);
  return true;
}

bool body_is_here(const Exchange& exchange, const InputBuffer& input) {
  const auto rest = exchange.parser.remaining();
  return rest && *rest <= input.size();
}

}  // namespace

asio::awaitable<void> Session::run() {
  const IoStatus status = co_await connection_.handshake(service_.limits.read_timeout);
  After after = status == IoStatus::kDone ? After::kNext : After::kNothing;
  while (after == After::kNext) {
    after = co_await serve_one();
    if (after == After::kNext) places_.forget_told_origin(connection_);
  }
  if (after == After::kGoodbye) {
    connection_.enter(Phase::kGoodbye);
    co_await connection_.linger(kLingerSilence, kLingerTotal, service_.limits.streamed_body_bytes_max);
  }
  connection_.close();
}

/// What the request held is given back when this returns.
asio::awaitable<Session::After> Session::serve_one() {
  Exchange exchange(service_, connection_.peer(), connection_.secure());
  const bool received = co_await read_head(exchange);
  if (!received) co_return After::kNothing;
  connection_.enter(Phase::kExchange);
  if (!exchange.answer) exchange.begin();
  find_origin(exchange);
  if (!exchange.answer && exchange.route->runs_on == RunsOn::kWorkers && service_.overloaded()) {
    exchange.fail_busy();
  }
  if (!exchange.answer && exchange.route->body == BodyKind::kStream) {
    co_await receive_upload(exchange);
  } else if (!exchange.answer) {
    co_await handle_buffered(exchange);
  }
  if (exchange.lost) {
    exchange.record();
    co_return After::kNothing;
  }
  const bool sent = co_await send_answer(exchange);
  exchange.record();
  if (!sent) co_return After::kNothing;
  if (exchange.close) co_return After::kGoodbye;
  const bool dropped = co_await drop_rest(exchange);
  co_return dropped ? After::kNext : After::kGoodbye;
}

/// A proxy's connection is nobody's before it has said whose request it brings.
void Session::find_origin(const Exchange& exchange) {
  const auto& request = exchange.request;
  if (request.proxy.empty()) return;
  places_.tell_origin(connection_, origin_of(request.peer, service_.trusted_proxies));
}

asio::awaitable<void> Session::receive_upload(Exchange& exchange) {
  const auto announced = exchange.parser.content_length();
  const bool held = announced && *announced <= Upload::kFirstBlockBytes;
  if (!held && !places_.may_begin_upload(connection_)) {
    exchange.close = true;
    exchange.fail({ErrorKind::kUnavailable,
                   "The server has more slow uploads from this address than it has places for; send this one "
                   "again in a moment."});
    co_return;
  }
  Upload upload(connection_, input_, exchange);
  co_await upload.run();
}

Connection::Clock::time_point Session::head_deadline(const Exchange& exchange) const {
  if (!exchange.parser.started()) return Connection::Clock::now() + service_.limits.idle_timeout;
  return exchange.started + service_.limits.head_timeout;
}

/// Feeds what has been read; true when the head is complete or was answered as wrong.
bool Session::parse_head(Exchange& exchange) {
  if (input_.empty()) return false;
  const bool had_started = exchange.parser.started();
  const auto fed = exchange.parser.feed(input_.bytes());
  input_.consume(fed.consumed);
  exchange.bytes_in += fed.consumed;
  if (!had_started && exchange.parser.started()) exchange.started = Exchange::Clock::now();
  if (fed.failure) {
    exchange.close = true;
    const bool has_own_status = fed.failure->status != 400;
    exchange.fail(invalid(fed.failure->message),
                  has_own_status ? std::optional(fed.failure->status) : std::nullopt);
    return true;
  }
  return exchange.parser.head_done();
}

/// False when no request came.
asio::awaitable<bool> Session::read_head(Exchange& exchange) {
  while (!parse_head(exchange)) {
    const bool idle = !exchange.parser.started();
    if (idle && service_.stopping) co_return false;
    connection_.enter(idle ? Phase::kPause : Phase::kHead);
    const auto target = input_.room(kHeadReadBytes);
    const IoResult result = co_await connection_.read_some(target, head_deadline(exchange));
    if (result.status == IoStatus::kTimeout && !idle) {
      exchange.close = true;
      exchange.fail({ErrorKind::kTimeout, "The request's head came too slowly."}, 408);
      co_return true;
    }
    if (result.status != IoStatus::kDone) co_return false;
    input_.added(result.bytes);
  }
  co_return true;
}

/// Or where else the route wants it.
asio::awaitable<void> Session::run_on_worker(Exchange& exchange, std::function<void()> work) {
  const auto runs_on = exchange.route->runs_on;
  if (runs_on == RunsOn::kLoop) {
    work();
    co_return;
  }
  WorkerPool& pool = runs_on == RunsOn::kReserve ? service_.reserve : service_.workers;
  WorkerCall call(pool, connection_.executor());
  if (!call.start(std::move(work))) {
    exchange.fail_busy();
    co_return;
  }
  const bool watches = exchange.route != nullptr && exchange.route->watches_client;
  if (watches) connection_.watch_peer([&exchange] { exchange.client_gone.request_stop(); });
  co_await call.wait();
  connection_.unwatch_peer();
  if (exchange.known()) connection_.know();
}

asio::awaitable<void> Session::handle_buffered(Exchange& exchange) {
  std::function<void()> admit = [&exchange] { exchange.admit(); };
  std::function<void()> handle = [&exchange] { exchange.handle(); };
  std::function<void()> admit_and_handle = [&exchange] {
    if (exchange.admit()) exchange.handle();
  };
  // A body that has come with its head costs nothing more to read: one call does for both steps.
  const bool one_step = body_is_here(exchange, input_);
  if (!one_step) {
    co_await run_on_worker(exchange, admit);
    if (exchange.answer) co_return;
    const bool told = co_await send_continue(connection_, exchange);
    if (!told) co_return;
  }
  const bool complete = co_await read_buffered_body(exchange);
  if (!complete) co_return;
  if (one_step) {
    co_await run_on_worker(exchange, admit_and_handle);
  } else {
    co_await run_on_worker(exchange, handle);
  }
}

asio::awaitable<bool> Session::read_buffered_body(Exchange& exchange) {
  BodyReader reader(connection_, input_, exchange, service_.limits.buffered_body_bytes_max);
  Block block;
  BodyStatus status = BodyStatus::kMore;
  while (status == BodyStatus::kMore) {
    status = co_await reader.fill(block);
    if (exchange.route->body != BodyKind::kBuffer || hold(exchange, block.view())) continue;
    exchange.awaits_continue = false;
    exchange.close = true;
    exchange.fail_busy();
    co_return false;
  }
  exchange.awaits_continue = false;
  if (status == BodyStatus::kDone) co_return true;
  reader.report();
  co_return false;
}

Persistence Session::persistence_of(const Exchange& exchange) {
  if (exchange.close) return Persistence::kClose;
  const bool old = exchange.parser.head_done() && exchange.parser.head().version < 11;
  return old ? Persistence::kKeepAliveSaid : Persistence::kKeepAlive;
}

void Session::decide_whether_to_close(Exchange& exchange) const {
  const auto& parser = exchange.parser;
  if (!parser.head_done() || !parser.keep_alive() || service_.stopping) exchange.close = true;
  if (exchange.close || parser.done()) return;
  const auto rest = parser.remaining();
  // A client that waits for 100 Continue may send its body or not: what comes next can't be told.
  if (exchange.awaits_continue || !rest || *rest > kDropBytesMax) exchange.close = true;
}

/// False when the connection broke.
asio::awaitable<bool> Session::send_answer(Exchange& exchange) {
  decide_whether_to_close(exchange);
  if (exchange.answer->source) {
    const bool streamed = co_await send_stream(exchange);
    co_return streamed;
  }
  if (exchange.answer->live) {
    const bool live = co_await send_live(exchange);
    co_return live;
  }
  const bool sent = co_await send_held(exchange);
  co_return sent;
}

/// Where the end of the connection is the body's, a body that is broken off must not end so.
template <class Stream>
asio::awaitable<bool> Session::send_body_of(Stream& stream, Exchange& exchange) {
  exchange.complete_answer();
  std::string head =
      response_head(*exchange.answer, exchange.request.reference, persistence_of(exchange), stream.framing());
  if (stream.framing() == Framing::kUntilEnd) connection_.end_by(Ending::kReset);
  const bool sent = co_await stream.send(std::move(head));
  if (sent) connection_.end_by(Ending::kOrderly);
  co_return sent;
}

asio::awaitable<bool> Session::send_live(Exchange& exchange) {
  exchange.live = true;
  LiveStream stream(connection_, exchange);
  const bool sent = co_await send_body_of(stream, exchange);
  co_return sent;
}

asio::awaitable<bool> Session::send_stream(Exchange& exchange) {
  Download download(connection_, exchange);
  connection_.watch_peer([&exchange] { exchange.client_gone.request_stop(); });
  co_await download.prepare();
  bool sent = false;
  if (exchange.answer->source) {
    sent = co_await send_body_of(download, exchange);
    exchange.lost = !sent;
  } else {
    sent = co_await send_held(exchange);
  }
  connection_.unwatch_peer();
  co_return sent;
}

asio::awaitable<bool> Session::send_held(Exchange& exchange) {
  exchange.complete_answer();
  const auto& response = *exchange.answer;
  const auto persistence = persistence_of(exchange);
  std::string head = response_head(response, exchange.request.reference, persistence);
  std::string_view body = response.body;
  if (exchange.request.method == Method::kHead || !status_has_body(response.status)) body = {};
  if (body.size() <= kOnePieceBytesMax) head += std::exchange(body, {});
  exchange.bytes_out = head.size() + body.size();
  const IoStatus status = co_await connection_.write(head, body, service_.limits.write_timeout);
  co_return status == IoStatus::kDone;
}

/// False when the body does not end: the client may still be sending it, with the answer unread.
asio::awaitable<bool> Session::drop_rest(Exchange& exchange) {
  if (exchange.parser.done()) co_return true;
  BodyReader reader(connection_, input_, exchange, kDropBytesMax);
  // The client has its answer: one that sends no more of its body has given it up and waits for the end.
  reader.wait_at_most(kLingerSilence);
  Block block;
  BodyStatus status = BodyStatus::kMore;
  while (status == BodyStatus::kMore) status = co_await reader.fill(block);
  co_return status == BodyStatus::kDone;
}

}  // namespace adit::http
