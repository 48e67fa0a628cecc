// BodyReader: reads a request's body from its connection, block by block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/connection.h"
#include "http/exchange.h"
#include "http/input_buffer.h"

namespace adit::http {

/// Decoded body bytes. The memory is made when it is first filled, for no more than the body needs.
struct Block {
  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;
  std::size_t size = 0;

  std::string_view view() const { return {bytes.get(), size}; }
};

enum class BodyStatus {
  kMore,    ///< the block is full
  kDone,    ///< the block holds the end of the body
  kFailed,  ///< report() says why
};

/// `fill*` until kDone or kFailed. Time-outs count only while this waits for the client, not while the client
/// waits for the server. Everything it is given has to outlive it.
class BodyReader {
 public:
  BodyReader(Connection& connection, InputBuffer& input, Exchange& exchange, std::uint64_t bytes_max);

  /// Fills a block of `bytes_min` at least, where there is memory for so much.
  asio::awaitable<BodyStatus> fill(Block& block, std::size_t bytes_min = 0);
  /// A shorter wait for each piece than the read time-out.
  void wait_at_most(Connection::Clock::duration silence) { silence_ = std::min(silence_, silence); }
  /// Nobody wants the body any more: fill() reads nothing further. Interrupting the connection as well ends a
  /// read that has begun; one that has just ended would otherwise be followed by another. On the executor.
  void stop() { stopped_ = true; }
  /// Brings the failure into the exchange: an error to answer with, or that the client is gone.
  void report();

 private:
  struct Failure {
    Error error;
    std::optional<int> status;
    bool lost = false;
  };

  std::size_t prepare(Block& block, std::size_t bytes_min) const;
  asio::awaitable<IoResult> read(std::span<char> target);
  bool take_failure(const IoResult& result);
  bool parse(Block& block, std::size_t& raw);
  void keep(std::span<const char> ahead);
  bool too_slow() const;

  Connection& connection_;
  InputBuffer& input_;
  Exchange& exchange_;
  const std::uint64_t bytes_max_;
  Connection::Clock::duration silence_;  ///< longest wait for one piece
  std::uint64_t bytes_read_ = 0;
  std::uint64_t body_bytes_ = 0;
  Connection::Clock::duration waited_{};
  bool stopped_ = false;
  std::optional<Failure> failure_;
};

}  // namespace adit::http
