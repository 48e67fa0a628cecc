// Server: listeners, sessions and worker threads of one HTTP/1.1 endpoint, plain and TLS.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "http/certificate.h"
#include "http/ip_network.h"
#include "http/message.h"

namespace adit::http {

/// What a peer may cost. Every one is a setting.
struct Limits {
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t target_bytes_max = 16 * 1024;  ///< path and query as sent
  std::size_t buffered_body_bytes_max = 8 * 1024 * 1024;
  std::uint64_t streamed_body_bytes_max =
      4ULL << 30;  ///< of a request; a part has its own bound, kept by the sink
  std::size_t body_memory_bytes_max = 512ULL
                                      << 20;  ///< of all bodies that are being received; see BodyMemory
  std::size_t connections_max = 2048;
  std::size_t parts_max = 1000;                     ///< of one multipart body
  std::chrono::milliseconds head_timeout{10'000};   ///< from the first byte of a head to its end
  std::chrono::milliseconds idle_timeout{75'000};   ///< between requests on a connection
  std::chrono::milliseconds read_timeout{30'000};   ///< between two reads of a body, and for a TLS handshake
  std::chrono::milliseconds write_timeout{30'000};  ///< between two writes of an answer
  std::uint64_t body_bytes_per_second_min = 1024;   ///< averaged, after a grace of `read_timeout`
};

struct ServerOptions {
  std::string listen = "127.0.0.1:8080";  ///< HOST:PORT; port 0 is any
  std::optional<std::string> tls_listen = "127.0.0.1:8443";
  /// What `tls_listen` begins with; it needs one. See use_certificate().
  std::optional<TlsIdentity> certificate;
  std::size_t io_threads = 1;
  std::size_t workers = 32;  ///< threads for handlers and sinks
  /// While somebody has waited for a worker as long as this, requests that come are refused. What has begun
  /// goes on: of each connection one step waits at most.
  std::chrono::milliseconds worker_wait_max{5'000};
  std::chrono::milliseconds drain_timeout{20'000};  ///< how long stop() lets requests finish
  std::vector<std::string> cors_origins;         ///< `scheme://host[:port]` or `*`; none: cross-origin is off
  std::vector<IpNetwork> trusted_proxies;        ///< whose forwarded fields are believed; see forwarded.h
  std::optional<std::chrono::seconds> hsts_age;  ///< told to clients that speak TLS; absent: nothing is told
  Limits limits;
};

/// Lifecycle: start() binds and serves; stop() stops accepting, lets running requests finish up to
/// drain_timeout, then cancels them. Threads: start and stop from one thread; for handlers see RunsOn.
class Server {
 public:
  /// `render` makes the answer to every error that the server itself finds or that a sink returned; the
  /// server adds `Allow` or `Connection: close` where needed. Of a request whose head could not be read,
  /// `request` has the reference and little else.
  /// `status` is given where HTTP has a code of its own for it (405, 408, 414, 415, 417, 431, 501, 505), else
  /// it follows from the kind. Called on I/O and worker threads: it must not block.
  using RenderError =
      std::function<Response(const Request& request, const Error& error, std::optional<int> status)>;

  static Result<std::unique_ptr<Server>> create(ServerOptions options, std::vector<Route> routes,
                                                RenderError render, Metrics& metrics);
  virtual ~Server() = default;

  virtual Result<void> start() = 0;
  virtual void stop() = 0;
  /// New handshakes use this certificate from here on; connections that are open go on with theirs. After an
  /// error, which says why it can't be used, everything is as it was. Any thread.
  virtual Result<void> use_certificate(const TlsIdentity& certificate) = 0;
  /// HOST:PORT that was bound; after start().
  virtual std::string address() const = 0;
  virtual std::optional<std::string> tls_address() const = 0;
};

}  // namespace adit::http
