// LiveStream: sends an answer whose body grows as things happen.
#pragma once

#include <memory>
#include <string>

#include "http/connection.h"
#include "http/exchange.h"
#include "http/response_writer.h"
#include "http/wakeup.h"
#include "http/worker_call.h"

namespace adit::http {

/// Between two pieces the connection waits on its loop: no worker, no thread. A worker is asked only when the
/// source has something, or was silent for its time. Ends when the source does, when the client goes or takes
/// nothing for the write time-out, and at once, with a whole body, when the server stops.
class LiveStream {
 public:
  /// Takes the answer's live source.
  LiveStream(Connection& connection, Exchange& exchange);

  Framing framing() const { return framing_; }
  /// Sends the head and the body, or only the head to HEAD. False when the connection is over.
  asio::awaitable<bool> send(std::string head);

 private:
  asio::awaitable<bool> send_pieces(std::string head);
  asio::awaitable<bool> read_piece();
  asio::awaitable<bool> write_piece(std::string before);
  asio::awaitable<void> wait();
  asio::awaitable<void> drop_source();
  void watch();
  bool stopping() const { return exchange_.service.stopping; }

  Connection& connection_;
  Exchange& exchange_;
  WorkerCall call_;
  Wakeup wakeup_;
  std::shared_ptr<LiveSource> source_;
  Framing framing_ = Framing::kChunked;
  LiveSource::Occasion occasion_ = LiveSource::Occasion::kNews;
  std::string piece_;
  Result<LiveSource::State> state_ = LiveSource::State::kOpen;  ///< as the last read said
  bool gone_ = false;
};

}  // namespace adit::http
