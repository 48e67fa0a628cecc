// The bytes of an answer's head.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace adit::http {

enum class Persistence {
  kKeepAlive,
  kKeepAliveSaid,  ///< HTTP/1.0 clients need to be told
  kClose,
};

/// How the end of the body is told.
enum class Framing {
  kLength,    ///< Content-Length; or there is no body
  kChunked,   ///< chunks (RFC 9112 §7.1)
  kUntilEnd,  ///< the end of the connection, for HTTP/1.0
};

/// Status line and header fields up to the empty line. `reference` goes into X-Request-Id. Framing fields
/// (Content-Length, Connection, Date, Server) are written here only: a handler's own are left out. A line
/// break in a header's value becomes a space.
std::string response_head(const Response& response, std::string_view reference, Persistence persistence,
                          Framing framing = Framing::kLength);

/// What stands before the bytes of a chunk (RFC 9112 §7.1); behind them stands a line end.
std::string chunk_head(std::size_t bytes);
/// The end of a body in chunks.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// 1xx, 204 and 304 have none (RFC 9110 §6.4.1).
bool status_has_body(int status);

/// `Sun, 06 Nov 1994 08:49:37 GMT`, of the present moment.
std::string_view http_date();

}  // namespace adit::http
