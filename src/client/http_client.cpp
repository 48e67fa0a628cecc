#include "client/http_client.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "client/wire.h"

namespace adit::client {

using namespace wire;  // Beast and Asio under short names, in this file alone

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlockBytes = 256 * 1024;
constexpr std::size_t kRefusalBytesMax = 1 << 20;
constexpr std::uint64_t kAnswerBytesMax = 4ULL << 30;
constexpr std::chrono::milliseconds kStopCheckInterval{50};
// A connection that has been idle for longer may be about to be closed by the server.
constexpr std::chrono::seconds kReuseMax{5};
// How long to look for the reason after the server has hung up during an upload.
constexpr std::chrono::seconds kLateAnswer{2};

bhttp::verb verb_of(Method method) {
  switch (method) {
    case Method::kGet:
      return bhttp::verb::get;
    case Method::kPost:
      return bhttp::verb::post;
    case Method::kPut:
      return bhttp::verb::put;
    case Method::kDelete:
      return bhttp::verb::delete_;
  }
  std::unreachable();
}

bool hung_up(const error_code& code) {
  return code == bhttp::error::end_of_stream || code == asio::error::eof ||
         code == asio::error::connection_reset || code == asio::error::broken_pipe ||
         code == asio::ssl::error::stream_truncated || code == bhttp::error::partial_message;
}

}  // namespace

class HttpClient::Core {
 public:
  explicit Core(HttpClientOptions options) : options_(std::move(options)) {}
  ~Core() { drop(); }

  Result<Answer> request(Method method, std::string_view path, const std::string& json,
                         const Headers& headers, const Sink* sink);
  Result<Answer> upload(std::string_view path, const UploadBody& body, const Headers& headers,
                        const Progress& progress);
  bool has_connected() const { return has_connected_; }
  void take_scheme(const Core& other) {
    scheme_ = other.scheme_;
    has_connected_ = other.has_connected_;
  }

  HttpClientOptions options_;

 private:
  enum class Scheme { kUntried, kBearer, kAppKey };

  /// One request as it is said on the wire, but for its scheme.
  struct Words {
    bhttp::verb verb;
    std::string_view path;
    const std::string& json;
    const Headers& headers;
  };

  bhttp::request<bhttp::string_body> head(bhttp::verb verb, std::string_view path, const Headers& headers,
                                          Scheme scheme) const;
  Result<Answer> exchange(const Words& words, Scheme scheme, const Sink* sink);
  Result<void> connect();
  Result<void> prepare_tls();
  Result<void> handshake();
  Result<void> write(std::string_view bytes);
  Result<bool> write_body(const UploadBody& body, const Progress& progress);
  void start_answer();
  Result<Answer> finish_answer(std::chrono::milliseconds limit);
  Result<Answer> stream_answer(const Sink& sink);
  Result<void> run(const std::function<bool()>& done, std::chrono::milliseconds limit);
  Error lost(const error_code& code) const;
  void drop();

  asio::io_context io_;
  std::optional<asio::ssl::context> tls_;
  std::unique_ptr<Connection> connection_;
  Clock::time_point last_used_;
  Scheme scheme_ = Scheme::kUntried;
  bool has_connected_ = false;

  // Of the answer that is awaited.
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  bool answered_ = false;
  error_code answer_code_;
};

// Runs the event loop until `done`. Failing, it drops the connection, so that no handler refers to the
// caller's frame afterwards.
Result<void> HttpClient::Core::run(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  std::optional<Error> error;
  while (!done() && !error) {
    io_.restart();
    io_.run_one_for(kStopCheckInterval);
    if (done()) break;
    if (options_.stop && options_.stop()) {
      error = Error{ErrorKind::kCanceled, "Interrupted."};
    } else if (Clock::now() > deadline) {
      error = Error{ErrorKind::kTimeout, options_.url.to_string() + " did not answer in time."};
    }
  }
  if (error) {
    drop();
    return *std::move(error);
  }
  return {};
}

void HttpClient::Core::drop() {
  if (!connection_) return;
  error_code ignored;
  connection_->tcp().socket().close(ignored);
  io_.restart();
  io_.run();  // the handlers of what was under way see operation_aborted
  connection_.reset();
  buffer_.clear();
}

Error HttpClient::Core::lost(const error_code& code) const {
  const std::string url = options_.url.to_string();
  if (hung_up(code)) return {ErrorKind::kUnavailable, "The server at " + url + " closed the connection."};
  if (code.category() == asio::error::get_ssl_category()) {
    return {ErrorKind::kUnavailable, "No secure connection to " + url + ": " + code.message() +
                                         ". If its certificate is self-signed and you trust the network, use "
                                         "--insecure."};
  }
  return {ErrorKind::kUnavailable, "The connection to " + url + " failed: " + code.message() + "."};
}

Result<void> HttpClient::Core::prepare_tls() {
  if (tls_) return {};
  error_code code;
  tls_.emplace(asio::ssl::context::tls_client);
  if (options_.insecure || options_.url.is_loopback()) {
    tls_->set_verify_mode(asio::ssl::verify_none, code);
    return {};
  }
  tls_->set_default_verify_paths(code);
  tls_->set_verify_mode(asio::ssl::verify_peer, code);
  tls_->set_verify_callback(asio::ssl::host_name_verification(options_.url.host), code);
  if (code) return internal("TLS set-up: " + code.message());
  return {};
}

Result<void> HttpClient::Core::handshake() {
  bool done = false;
  error_code code;
  connection_->async_handshake(options_.url.host, [&](error_code result) {
    code = result;
    done = true;
  });
  ADIT_CHECK(run([&] { return done; }, options_.connect_timeout));
  if (!code) return {};
  drop();
  return lost(code);
}

Result<void> HttpClient::Core::connect() {
  const auto& url = options_.url;
  if (url.secure) ADIT_CHECK(prepare_tls());
  error_code code;
  asio::ip::tcp::resolver resolver(io_);
  const auto places = resolver.resolve(url.host, std::to_string(url.port), code);
  if (code)
    return Error{ErrorKind::kUnavailable, "The host " + url.host + " is not known: " + code.message() + "."};
  if (url.secure) {
    connection_ = std::make_unique<TlsConnection>(io_, *tls_);
  } else {
    connection_ = std::make_unique<PlainConnection>(io_);
  }
  bool done = false;
  connection_->tcp().async_connect(places, [&](error_code result, const asio::ip::tcp::endpoint&) {
    code = result;
    done = true;
  });
  ADIT_CHECK(run([&] { return done; }, options_.connect_timeout));
  if (code) {
    drop();
    return Error{ErrorKind::kUnavailable,
                 "No server answers at " + url.to_string() + ": " + code.message() + "."};
  }
  has_connected_ = true;
  connection_->tcp().socket().set_option(asio::ip::tcp::no_delay(true), code);
  return handshake();
}

bhttp::request<bhttp::string_body> HttpClient::Core::head(bhttp::verb verb, std::string_view path,
                                                          const Headers& headers, Scheme scheme) const {
  bhttp::request<bhttp::string_body> request(verb, options_.url.path + std::string(path), 11);
  request.set(bhttp::field::host, options_.url.authority());
  request.set(bhttp::field::user_agent, "adit/" ADIT_VERSION);
  request.set(bhttp::field::accept, "application/json");
  if (!options_.key.empty()) {
    request.set(bhttp::field::authorization,
                (scheme == Scheme::kAppKey ? "AppKey " : "Bearer ") + options_.key);
  }
  for (const auto& [name, value] : headers) request.set(name, value);
  return request;
}

// Sends `bytes`, or gives up without an error once an answer is there: the server wants no more.
Result<void> HttpClient::Core::write(std::string_view bytes) {
  bool done = false;
  error_code code;
  connection_->async_write(asio::const_buffer(bytes.data(), bytes.size()), [&](error_code result) {
    code = result;
    done = true;
  });
  ADIT_CHECK(run([&] { return done || answered_; }, options_.stall_timeout));
  if (!done) {
    drop();
  } else if (code) {
    return lost(code);
  }
  return {};
}

void HttpClient::Core::start_answer() {
  parser_.emplace();
  parser_->body_limit(kAnswerBytesMax);
  answered_ = false;
  answer_code_ = {};
  connection_->async_read(buffer_, *parser_, [this](error_code code) {
    answer_code_ = code;
    answered_ = true;
  });
}

Result<Answer> HttpClient::Core::finish_answer(std::chrono::milliseconds limit) {
  ADIT_CHECK(run([this] { return answered_; }, limit));
  if (answer_code_) {
    const Error error = lost(answer_code_);
    drop();
    return error;
  }
  auto message = parser_->release();
  last_used_ = Clock::now();
  if (!message.keep_alive()) drop();
  return Answer{static_cast<int>(message.result_int()), std::move(message.body()),
                parse_retry_after(message[bhttp::field::retry_after], std::chrono::system_clock::now())};
}

Result<Answer> HttpClient::Core::stream_answer(const Sink& sink) {
  StreamParser parser;
  parser.body_limit(boost::none);
  std::vector<char> block(kBlockBytes);
  Answer answer;
  while (!parser.is_done()) {
    parser.get().body() = {block.data(), block.size(), true};
    bool done = false;
    error_code code;
    connection_->async_read(buffer_, parser, [&](error_code result) {
      code = result;
      done = true;
    });
    ADIT_CHECK(run([&] { return done; }, options_.answer_timeout));
    if (code && code != bhttp::error::need_buffer) {
      const Error error = lost(code);
      drop();
      return error;
    }
    answer.status = static_cast<int>(parser.get().result_int());
    const std::string_view bytes(block.data(), block.size() - parser.get().body().size);
    if (!answer.ok()) {
      answer.body += bytes.substr(0, kRefusalBytesMax - std::min(kRefusalBytesMax, answer.body.size()));
    } else if (const auto taken = bytes.empty() ? Result<void>() : sink(bytes); !taken) {
      drop();
      return taken.error();
    }
  }
  answer.retry_after =
      parse_retry_after(parser.get()[bhttp::field::retry_after], std::chrono::system_clock::now());
  last_used_ = Clock::now();
  if (!parser.get().keep_alive()) drop();
  return answer;
}

Result<Answer> HttpClient::Core::exchange(const Words& words, Scheme scheme, const Sink* sink) {
  auto request = head(words.verb, words.path, words.headers, scheme);
  if (!words.json.empty()) request.set(bhttp::field::content_type, "application/json");
  request.body() = words.json;
  request.prepare_payload();
  if (words.verb == bhttp::verb::post && words.json.empty()) request.content_length(0);
  std::ostringstream text;
  text << request;

  if (connection_ && Clock::now() - last_used_ > kReuseMax) drop();
  // Asked again once where the kept connection turns out to be closed, but never what might have been done.
  const bool repeatable = words.verb == bhttp::verb::get || words.verb == bhttp::verb::delete_;
  for (bool reused = connection_ != nullptr;; reused = false) {
    if (!connection_) ADIT_CHECK(connect());
    answered_ = false;
    const auto written = write(text.str());
    if (written) {
      if (sink != nullptr) return stream_answer(*sink);
      start_answer();
      auto answer = finish_answer(options_.answer_timeout);
      if (answer || !reused || !repeatable || answer.error().kind != ErrorKind::kUnavailable) return answer;
    } else if (!reused || !repeatable || written.error().kind != ErrorKind::kUnavailable) {
      return written.error();
    }
    drop();
  }
}

Result<Answer> HttpClient::Core::request(Method method, std::string_view path, const std::string& json,
                                         const Headers& headers, const Sink* sink) {
  const Words words{verb_of(method), path, json, headers};
  ADIT_TRY(auto answer, exchange(words, scheme_, sink));
  if (scheme_ != Scheme::kUntried) return answer;
  if (answer.status != 401) {
    scheme_ = Scheme::kBearer;
    return answer;
  }
  ADIT_TRY(auto second, exchange(words, Scheme::kAppKey, sink));
  if (second.status == 401) return answer;
  scheme_ = Scheme::kAppKey;
  return second;
}

// Sends the body. False when an answer came before the end: the connection can't be used again then.
Result<bool> HttpClient::Core::write_body(const UploadBody& body, const Progress& progress) {
  std::uint64_t sent = 0;
  const auto send = [&](std::string_view bytes) -> Result<void> {
    if (bytes.empty() || answered_) return {};
    ADIT_CHECK(write(bytes));
    sent += bytes.size();
    if (progress) progress(sent);
    return {};
  };
  ADIT_CHECK(send(body.before));
  for (std::uint64_t at = 0; at < body.length && !answered_;) {
    const auto wanted = std::min<std::uint64_t>(kBlockBytes, body.length - at);
    ADIT_TRY(const auto block, body.file.read(body.offset + at, static_cast<std::size_t>(wanted)));
    if (block.size() != wanted) return invalid("The file became shorter while it was sent.");
    ADIT_CHECK(send(block));
    at += wanted;
  }
  ADIT_CHECK(send(body.after));
  return !answered_ && connection_ != nullptr;
}

Result<Answer> HttpClient::Core::upload(std::string_view path, const UploadBody& body, const Headers& headers,
                                        const Progress& progress) {
  auto request = head(bhttp::verb::post, path, headers, scheme_);
  request.set(bhttp::field::content_type, "application/octet-stream");
  request.content_length(body.bytes());
  std::ostringstream text;
  text << request.base();

  answered_ = false;
  if (connection_ && Clock::now() - last_used_ > kReuseMax) drop();
  if (!connection_) ADIT_CHECK(connect());
  ADIT_CHECK(write(text.str()));
  start_answer();
  const auto complete = write_body(body, progress);
  if (complete) {
    auto answer = finish_answer(options_.answer_timeout);
    if (!*complete) drop();
    return answer;
  }
  // A server that hangs up in the middle has usually said why.
  if (connection_ && complete.error().kind == ErrorKind::kUnavailable) {
    auto answer = finish_answer(kLateAnswer);
    drop();
    if (answer) return answer;
  }
  drop();
  return complete.error();
}

HttpClient::HttpClient(HttpClientOptions options) : core_(std::make_unique<Core>(std::move(options))) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<Answer> HttpClient::send(Method method, std::string_view path, const std::string& json,
                                const Headers& headers) {
  return core_->request(method, path, json, headers, nullptr);
}
Result<Answer> HttpClient::download(Method method, std::string_view path, const std::string& json,
                                    const Headers& headers, const Sink& sink) {
  return core_->request(method, path, json, headers, &sink);
}
Result<Answer> HttpClient::upload(std::string_view path, const UploadBody& body, const Headers& headers,
                                  const Progress& progress) {
  return core_->upload(path, body, headers, progress);
}
HttpClient HttpClient::sibling() const {
  HttpClient other(core_->options_);
  other.core_->take_scheme(*core_);
  return other;
}
bool HttpClient::has_connected() const { return core_->has_connected(); }
const BaseUrl& HttpClient::url() const { return core_->options_.url; }
void HttpClient::set_stop(StopQuestion stop) { core_->options_.stop = std::move(stop); }

}  // namespace adit::client
