// RequestParser: one HTTP/1.1 request from bytes that come in pieces; the only file that sees Beast is its
// source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "http/message.h"

namespace adit::http {

/// A request's head as sent; nothing is decoded yet.
struct RawHead {
  std::string method;
  std::string target;
  int version = 11;  ///< 10 or 11
  Headers headers;
};

/// Why bytes are no request, with the status that says so: 400, 414, 431, 501 or 505.
struct ParseFailure {
  int status = 400;
  std::string message;
};

/// `feed* ` until head_done(), then `feed*` until done(). One thread at a time. After a failure only
/// destruction.
class RequestParser {
 public:
  struct Fed {
    std::size_t consumed = 0;  ///< the rest has to be given again, with more bytes after it
    std::size_t body = 0;      ///< body bytes found, moved to the front of what was fed
    std::optional<ParseFailure> failure;
  };

  RequestParser(std::size_t header_bytes_max, std::size_t target_bytes_max);
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  /// Stops after the head, so that the body can be given to other hands. `bytes` must not be empty, and
  /// done() must not be true.
  Fed feed(std::span<char> bytes);

  bool started() const;  ///< the request's first byte was seen
  bool head_done() const;
  bool done() const;
  const RawHead& head() const;
  /// Valid after the head.
  bool keep_alive() const;
  std::optional<std::uint64_t> content_length() const;
  /// Bytes of a Content-Length that have not been fed; nothing for a chunked body.
  std::optional<std::uint64_t> remaining() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace adit::http
