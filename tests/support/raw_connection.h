// RawConnection: a socket on which a test says exactly the bytes it wants to say.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

struct ssl_st;

namespace adit::test {

/// The connection failed or was closed before an answer was whole. The request may have been carried out or
/// not.
class TransportError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;

  /// The first header of that lower-case name.
  std::optional<std::string> header(std::string_view name) const;
  /// The body as JSON; throws std::runtime_error that shows the body if it is none.
  boost::json::value json() const;
  /// The same for an array; by value, so that a range-for may go over it.
  boost::json::array array() const { return std::move(json().as_array()); }
};

enum class Security { kPlain, kTls };

/// One blocking TCP or TLS connection (certificates are not verified). Not thread-safe. All failures are
/// TransportErrors; every read and write has a time-out.
class RawConnection {
 public:
  explicit RawConnection(const std::string& address, Security security = Security::kPlain);
  ~RawConnection();
  RawConnection(RawConnection&&) = delete;

  void set_timeout(std::chrono::milliseconds timeout);
  void send(std::string_view bytes);
  /// Says that no more bytes come, and goes on reading.
  void shutdown_write();
  /// Vanishes: the peer gets a reset instead of an orderly end.
  void reset();

  /// Reads one answer: status line, headers, body by Content-Length, chunks or the end of the connection.
  /// Interim answers (1xx) are answers too. `method` is the request's: an answer to HEAD has no body.
  HttpResponse read_response(std::string_view method = "GET");
  /// Reads up to and with `end`; absent when the peer closes before.
  std::optional<std::string> read_until(std::string_view end);
  /// Reads until the peer closes; throws when it does not within the time-out.
  std::string read_until_closed();
  /// The same for more than can be held: only counts.
  std::uint64_t count_until_closed();
  /// Whether something has come that was not read yet, asked without waiting; plain connections only.
  bool has_bytes() const;
  /// Whether the peer has closed, asked without waiting. Unread bytes count as open.
  bool closed_by_peer();
  /// SHA-256 of the peer's certificate in DER; TLS only.
  std::string peer_certificate_digest() const;

 private:
  std::size_t read_some(char* to, std::size_t bytes_max);
  bool fill();
  std::string read_line();
  std::string read_exactly(std::size_t bytes);
  std::string read_chunked();

  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };
  int socket_ = -1;
  std::unique_ptr<ssl_st, FreeSsl> ssl_;
  std::string buffer_;
};

}  // namespace adit::test
