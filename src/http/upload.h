// Upload: the body of a streamed request on its way from the connection to its sink.
#pragma once

#include <array>
#include <memory>

#include "http/body_feeder.h"
#include "http/body_reader.h"
#include "http/connection.h"
#include "http/exchange.h"
#include "http/input_buffer.h"
#include "http/worker_call.h"

namespace adit::http {

/// While the sink works on one block on a worker thread, the next is read from the connection: memory is two
/// blocks and what decompressing takes, whatever the size. A sink that is slower than the client slows the
/// client down through TCP. An error of the sink wins over one of the body, ends reading at once and becomes
/// the answer.
class Upload {
 public:
  /// The sink has nothing to do, and no file, before so much has come, or all of it: of a crowd that sends
  /// less and then hardly anything, each would else cost a file that is made and removed.
  static constexpr std::size_t kFirstBlockBytes = 128UL * 1024;

  Upload(Connection& connection, InputBuffer& input, Exchange& exchange);

  /// Afterwards the exchange has its answer, or is lost. The sink is gone then.
  asio::awaitable<void> run();

 private:
  asio::awaitable<void> transfer();
  bool start(std::move_only_function<void()> step);

  // On a worker thread.
  void open();
  void feed(std::string_view bytes, BodyStatus status);

  Connection& connection_;
  Exchange& exchange_;
  BodyReader reader_;
  WorkerCall call_;
  std::unique_ptr<BodyFeeder> feeder_;
  std::array<Block, 2> blocks_;
};

/// `100 Continue`, if the client waits for it. False when the connection broke.
asio::awaitable<bool> send_continue(Connection& connection, Exchange& exchange);

}  // namespace adit::http
