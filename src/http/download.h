// Download: the body of a streamed answer on its way from its source to the connection.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "http/connection.h"
#include "http/exchange.h"
#include "http/response_writer.h"
#include "http/worker_call.h"

namespace adit::http {

/// While one piece is written to the connection, a worker asks the source for the next: memory is two pieces,
/// whatever the size. A client that is slower than the source slows the source down. The first piece is read
/// before the head is sent, so that what fails at the beginning is answered as any other failure.
class Download {
 public:
  /// Takes the answer's source.
  Download(Connection& connection, Exchange& exchange);

  /// Reads the first piece. Afterwards the exchange's answer is the one to send; without a source, if reading
  /// has failed.
  asio::awaitable<void> prepare();
  /// How the body will be framed; after prepare().
  Framing framing() const { return framing_; }
  /// Sends the head and the body, or only the head to HEAD. False when the connection is over.
  asio::awaitable<bool> send(std::string head);

 private:
  asio::awaitable<bool> send_pieces(std::string head);
  /// False when no worker is free.
  bool start_reading(std::string& piece);
  asio::awaitable<void> drop_source();
  std::string framed(const std::string& piece) const;

  Connection& connection_;
  Exchange& exchange_;
  WorkerCall call_;
  std::shared_ptr<BodySource> source_;
  Framing framing_ = Framing::kLength;
  std::array<std::string, 2> pieces_;
  Result<void> outcome_;  ///< of the last read
};

}  // namespace adit::http
