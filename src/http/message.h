// http/ receives requests and sends answers. It knows paths, headers, bodies, limits and time-outs; it knows
// no jobs, tables, keys or pools. Its users see the plain types of this header, never Beast or Asio.
#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace adit::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
std::string_view to_string(Method method);

/// Header fields in the order received; names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  /// The values of all fields of that name as one list, which is what they mean (RFC 9110 §5.3).
  std::string joined(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request whose head has been read. Segments and query are percent-decoded; empty segments are dropped.
struct Request {
  Method method = Method::kOther;
  std::string method_text;
  std::string path;                                             ///< as sent, without the query
  std::vector<std::string> segments;                            ///< decoded
  std::vector<std::pair<std::string, std::string>> query;       ///< decoded, in order
  std::vector<std::pair<std::string, std::string>> parameters;  ///< what the route's {name}s matched
  Headers headers;
  std::string body;       ///< for routes that buffer; otherwise empty
  std::string peer;       ///< address of the client without its port
  std::string proxy;      ///< address of the trusted proxy that told of `peer`; else empty
  std::string host;       ///< that the client asked for, port included; empty where none was named
  bool secure = false;    ///< the client spoke TLS, to this server or to a trusted proxy
  std::string reference;  ///< the id that stands in the log line and in an error's body
  std::stop_token
      client_gone;     ///< requested when the client has closed the connection; see Route::watches_client
  std::any principal;  ///< set by the route's admission, read by its handler

  /// What {name} of the route's pattern matched; empty if the pattern has no such name.
  std::string_view parameter(std::string_view name) const;
  std::optional<std::string_view> query_value(std::string_view name) const;
};

/// The body of an answer that is too large to be held: it is asked for piece by piece as the client takes it.
/// `read*` until it fails or leaves the piece empty, then destruction, which may come at any time: when the
/// client has gone nobody wants the rest. Calls come one at a time, from changing threads that may block.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Appends the next piece, best 64 KiB to 1 MiB, to `piece`, which comes empty; nothing at the end. An
  /// error of the first call becomes the answer; a later one breaks the connection off, which tells the
  /// client that the body is not whole.
  virtual Result<void> read(std::string& piece) = 0;
};

/// The body of an answer that goes on for as long as the client listens: events. Calls come one at a time,
/// from changing threads that may block, as do construction and destruction.
class LiveSource {
 public:
  enum class State {
    kMore,   ///< there is more at once
    kOpen,   ///< that was all until the next wake
    kEnded,  ///< the body is complete
  };
  /// Why it is read.
  enum class Occasion {
    kNews,     ///< at the beginning, and after a wake
    kSilence,  ///< it was not woken for silence_max()
  };

  virtual ~LiveSource() = default;
  /// Called before the first read. `wake` says that a read would find something; any thread may call it, as
  /// often as it likes, while the server runs. It never blocks.
  virtual void set_wake(std::function<void()> wake) = 0;
  /// Appends what there is to `piece`, which comes empty, best not more than 64 KiB. Nothing is no end. An
  /// error breaks the connection off.
  virtual Result<State> read(std::string& piece, Occasion occasion) = 0;
  virtual std::chrono::milliseconds silence_max() const = 0;
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string internal_detail{};  ///< why it failed: goes to the log with the request's reference, never to
                                  ///< the client
  /// The body instead of `body`, if it is set. Its length is told to the client when it is known.
  std::shared_ptr<BodySource> source{};
  std::optional<std::uint64_t> source_bytes{};
  /// The same for a body without an end.
  std::shared_ptr<LiveSource> live{};

  static Response empty(int status) { return {status, {}, {}}; }
  static Response json(int status, std::string body) {
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
  }
};

/// The head of one part of a multipart body (RFC 7578), or of a raw body, which is one part without a name.
struct PartHead {
  std::optional<std::string> name;  ///< form field name; absent for a raw body
  std::optional<std::string> filename;
  Headers headers;  ///< the part's own; empty for a raw body
};

/// Takes an upload's decoded bytes as they arrive: `(begin_part write* end_part)* finish`.
/// Destroyed without finish() when the client vanishes, the body is malformed or a limit is passed: nothing
/// may be kept then. Calls come one at a time, from changing threads that may block. After an error only
/// destruction follows, and the error becomes the answer.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual Result<void> begin_part(const PartHead& head) = 0;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<void> end_part() = 0;
  /// The whole body has arrived and was well-formed.
  virtual Response finish() = 0;
};

/// How a route takes its body.
enum class BodyKind {
  kNone,    ///< read and thrown away, up to the buffer limit
  kBuffer,  ///< read into Request::body, up to Limits::buffered_body_bytes_max
  kStream,  ///< given to a BodySink
};

/// On which threads a route's admission and handler run.
enum class RunsOn {
  kWorkers,  ///< they may block
  kReserve,  ///< they may block for a moment; a thread is kept for them, so that busy workers don't delay
             ///< them
  kLoop,     ///< they never block: they run on the thread of the connection itself
};

/// One route. Handlers are called concurrently.
struct Route {
  Method method = Method::kGet;
  /// Literal segments and {name}s: `/integration/api/pools/{poolId}`. Literals win over {name}s.
  std::string pattern;
  BodyKind body = BodyKind::kNone;
  /// Decides from the head alone whether the request may go on, before `100 Continue` and before the body is
  /// read; may set Request::principal. Empty admits everyone.
  std::function<std::optional<Response>(Request&)> admit;
  /// Answers; for kNone and kBuffer.
  std::function<Response(const Request&)> handle;
  /// For kStream: opens a sink, or says why not before the body is read. The request outlives the sink.
  std::function<Result<std::unique_ptr<BodySink>>(const Request&)> open;
  /// Whether Request::client_gone is kept up while the handler runs: for handlers whose work nobody wants
  /// when the client has gone. A client that closes only its sending side counts as gone there.
  bool watches_client = false;
  RunsOn runs_on = RunsOn::kWorkers;  ///< sinks and sources: on the workers in any case
};

}  // namespace adit::http
