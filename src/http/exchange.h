// Exchange: one request and what becomes of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/worker_pool.h"
#include "http/body_digest.h"
#include "http/body_memory.h"
#include "http/content_encoding.h"
#include "http/cors.h"
#include "http/ip_network.h"
#include "http/message.h"
#include "http/request_parser.h"
#include "http/router.h"
#include "http/server.h"
#include "http/standing_fields.h"

namespace adit::http {

/// What all sessions of a server share. All members outlive the sessions.
struct Service {
  const Router& router;
  const Limits& limits;
  const Server::RenderError& render;
  WorkerPool& workers;
  const std::chrono::milliseconds worker_wait_max;
  WorkerPool& reserve;
  Metrics& metrics;
  const std::atomic<bool>& stopping;
  const Cors& cors;
  const std::vector<IpNetwork>& trusted_proxies;
  const StandingFields& standing;
  BodyMemory& body_memory;

  /// Whether a request that begins now would wait too long for a worker.
  bool overloaded() const { return workers.longest_wait() > worker_wait_max; }
};

/// Lifecycle: the head is read into `parser`; begin() finds the route or answers; then a handler or a sink
/// does; the session sends the answer. Threads: the session's, and one worker while a call runs; never both.
class Exchange {
 public:
  using Clock = std::chrono::steady_clock;

  Exchange(const Service& service, const std::string& peer, bool secure);

  /// Decodes the head and finds the route. Afterwards there is either a route or an answer.
  void begin();
  /// Answers with an error; `status` only where HTTP has one of its own.
  void fail(const Error& error, std::optional<int> status = std::nullopt);
  /// Answers that the server is busy.
  void fail_busy();
  /// The connection broke or was given up: nobody is left to answer.
  void lose();

  // On a worker thread; what they throw becomes an internal error.
  /// False when the route's admission has answered.
  bool admit();
  /// Whether the admission has found out who is asking.
  bool known() const { return request.principal.has_value(); }
  /// Checks and decodes a buffered body first.
  void handle();

  /// Adds what every answer carries, whoever made it. Call once, before the answer is sent.
  void complete_answer();
  /// Writes the access log and counts.
  void record() const;

  const Service& service;
  RequestParser parser;
  Request request;
  BodyMemory::Share memory;  ///< of the body while it is received, and where it is held
  const Route* route = nullptr;
  std::optional<Response> answer;
  std::stop_source client_gone;  ///< behind the request's token
  bool lost = false;
  bool live = false;             ///< the answer went on for as long as the client liked
  bool close = false;            ///< the connection can't be used after this
  bool awaits_continue = false;  ///< the client holds its body back until it is told to go on
  ContentEncoding encoding = ContentEncoding::kIdentity;  ///< of the body
  std::optional<BodyDigest> digest;                       ///< that the body must have
  Clock::time_point started = Clock::now();
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

 private:
  void decode_head();
  void find_client();
  void find_route();
  void check_body();
  void check_body_fields();
  Result<void> decode_buffered_body();
};

/// That a body, as sent or decoded, passes a bound.
Error body_too_large(std::uint64_t bytes_max);
/// What the exception being handled says, as an error.
Error error_of_current_exception();

}  // namespace adit::http
