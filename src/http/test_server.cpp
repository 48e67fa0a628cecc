#include "http/test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/log.h"
#include "http/header_value.h"

namespace adit::http::test {
namespace {

class LoggingSink final : public BodySink {
 public:
  explicit LoggingSink(SinkLog& log) : log_(log) {
    const std::lock_guard lock(log_.mutex);
    ++log_.opened;
    log_.changed.notify_all();
  }
  ~LoggingSink() override {
    const std::lock_guard lock(log_.mutex);
    ++log_.destroyed;
    log_.changed.notify_all();
  }

  Result<void> begin_part(const PartHead& head) override {
    const std::lock_guard lock(log_.mutex);
    log_.names.push_back(head.name.value_or("-"));
    return {};
  }
  Result<void> write(std::string_view bytes) override {
    std::unique_lock lock(log_.mutex);
    log_.bytes += bytes;
    log_.changed.notify_all();
    log_.changed.wait(lock, [&] { return !log_.blocked; });
    if (log_.fail_after > 0 && log_.bytes.size() > log_.fail_after)
      return conflict("The sink has had enough.");
    return {};
  }
  Result<void> end_part() override {
    const std::lock_guard lock(log_.mutex);
    ++log_.parts_ended;
    return {};
  }
  Response finish() override {
    const std::lock_guard lock(log_.mutex);
    ++log_.finished;
    return Response::empty(200);
  }

 private:
  SinkLog& log_;
};

class TestLive final : public LiveSource {
 public:
  explicit TestLive(LiveLog& log) : log_(log) {
    const std::lock_guard lock(log_.mutex);
    ++log_.opened;
  }
  ~TestLive() override {
    const std::lock_guard lock(log_.mutex);
    log_.wake = nullptr;
    ++log_.destroyed;
    log_.changed.notify_all();
  }
  void set_wake(std::function<void()> wake) override {
    const std::lock_guard lock(log_.mutex);
    log_.wake = std::move(wake);
  }
  std::chrono::milliseconds silence_max() const override { return 100ms; }
  Result<State> read(std::string& piece, Occasion occasion) override {
    const std::lock_guard lock(log_.mutex);
    ++log_.reads;
    if (log_.fails) return internal("it fails");
    if (log_.endless) {
      piece.assign(64 * 1024, 'x');
      return State::kMore;
    }
    piece = std::exchange(log_.texts, {});
    if (piece.empty() && occasion == Occasion::kSilence) piece = "beat";
    return log_.ended ? State::kEnded : State::kOpen;
  }

 private:
  LiveLog& log_;
};

int status_for(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kInvalid:
      return 400;
    case ErrorKind::kUnauthorized:
      return 401;
    case ErrorKind::kForbidden:
      return 403;
    case ErrorKind::kReused:
      return 422;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kTooLarge:
      return 413;
    case ErrorKind::kRateLimited:
      return 429;
    case ErrorKind::kStorageFull:
      return 507;
    case ErrorKind::kUnavailable:
      return 503;
    case ErrorKind::kTimeout:
      return 408;
    case ErrorKind::kCanceled:
      return 409;
    case ErrorKind::kInternal:
      return 500;
  }
  return 500;
}

std::optional<Response> admit_by_key(Request& request) {
  if (request.headers.find("X-Key") != "yes") return Response::json(401, "\"no key\"");
  request.principal = std::string("somebody");
  return std::nullopt;
}

std::string described(const Request& request) {
  std::string text;
  for (const auto& [name, value] : request.parameters) text += name + "=" + value + ";";
  for (const auto& [name, value] : request.query) text += name + ":" + value + ";";
  return text;
}

}  // namespace

void SinkLog::unblock() {
  const std::lock_guard lock(mutex);
  blocked = false;
  changed.notify_all();
}

void LiveLog::say(std::string_view text) {
  const std::lock_guard lock(mutex);
  texts += text;
  if (wake) wake();
}

void LiveLog::end() {
  const std::lock_guard lock(mutex);
  ended = true;
  if (wake) wake();
}

RawClient::RawClient(const std::string& address, const char* source)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const auto colon = address.rfind(':');
  sockaddr_in endpoint{};
  endpoint.sin_family = AF_INET;
  endpoint.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &endpoint.sin_addr);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  if (source != nullptr &&
      (::inet_pton(AF_INET, source, &from.sin_addr) != 1 ||
       ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)) {
    throw std::runtime_error(std::string("can't be at ") + source);
  }
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&endpoint), sizeof endpoint) != 0) {
    throw std::runtime_error("can't connect to " + address);
  }
  const timeval timeout{5, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient& RawClient::send(std::string_view bytes) {
  EXPECT_TRUE(try_send(bytes)) << "the server does not take the bytes";
  return *this;
}

bool RawClient::try_send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::receive() {
  char buffer[65536];
  const auto size = ::recv(socket_.get(), buffer, sizeof buffer, 0);
  if (size < 0) ADD_FAILURE() << "nothing was received: " << (errno == EAGAIN ? "timeout" : "reset");
  if (size <= 0) {
    ended_ = true;
    return false;
  }
  received_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

std::string RawClient::answer(bool head_only) {
  for (;;) {
    const auto head_end = received_.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      const auto length = header_of(received_, "Content-Length");
      const auto size = head_end + 4 + (length && !head_only ? std::stoul(*length) : 0);
      if (received_.size() >= size) {
        auto whole = received_.substr(0, size);
        received_.erase(0, size);
        return whole;
      }
    }
    if (!receive()) return {};
  }
}

std::string RawClient::until(std::string_view end) {
  while (received_.find(end) == std::string::npos && receive()) {
  }
  const auto found = received_.find(end);
  if (found == std::string::npos) return std::exchange(received_, {});
  auto text = received_.substr(0, found + end.size());
  received_.erase(0, text.size());
  return text;
}

std::string RawClient::rest() {
  while (!ended_) receive();
  return std::exchange(received_, {});
}

bool RawClient::is_reset() {
  char buffer[65536];
  ssize_t size = 0;
  while ((size = ::recv(socket_.get(), buffer, sizeof buffer, 0)) > 0) {
  }
  return size < 0 && errno == ECONNRESET;
}

int status_of(std::string_view answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(std::string(answer.substr(9, 3))) : 0;
}

std::string body_of(std::string_view answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string() : std::string(answer.substr(end + 4));
}

std::optional<std::string> header_of(std::string_view answer, std::string_view name) {
  auto head = answer.substr(0, answer.find("\r\n\r\n"));
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    const auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name)) {
      return std::string(trimmed(line.substr(colon + 1)));
    }
  }
  return std::nullopt;
}

ServerOptions ServerTest::default_options() {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.tls_listen.reset();
  options.workers = 4;
  options.drain_timeout = 2s;
  return options;
}

void ServerTest::serve(ServerOptions options) {
  log::configure(log::Level::kOff, log::Format::kLogfmt);
  auto server = Server::create(
      std::move(options), routes(),
      [](const Request&, const Error& error, std::optional<int> status) {
        return Response::json(status.value_or(status_for(error)), error.public_message);
      },
      metrics_);
  ASSERT_TRUE(server.ok()) << server.error().public_message << server.error().internal_detail;
  server_ = *std::move(server);
  const auto started = server_->start();
  ASSERT_TRUE(started.ok()) << started.error().public_message;
}

std::string ServerTest::get(const std::string& path) const {
  return client().send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n").answer();
}

/// Pieces of one letter each, of `?size=` bytes; `?fail_at=` names the piece that fails.
class LetterSource final : public BodySource {
 public:
  LetterSource(const Request& request, SinkLog& log)
      : log_(log),
        pieces_(number(request, "pieces", 0)),
        size_(number(request, "size", 1)),
        fail_at_(number(request, "fail_at", ~0UL)) {}
  ~LetterSource() override {
    const std::lock_guard lock(log_.mutex);
    ++log_.destroyed;
    log_.changed.notify_all();
  }

  Result<void> read(std::string& piece) override {
    if (read_ == fail_at_) return invalid("the piece is bad");
    if (read_ < pieces_) piece.append(size_, static_cast<char>('a' + read_ % 26));
    ++read_;
    const std::lock_guard lock(log_.mutex);
    ++log_.finished;
    return {};
  }

 private:
  static std::size_t number(const Request& request, std::string_view name, std::size_t absent) {
    const auto value = request.query_value(name);
    return value ? std::stoul(std::string(*value)) : absent;
  }

  SinkLog& log_;
  const std::size_t pieces_;
  const std::size_t size_;
  const std::size_t fail_at_;
  std::size_t read_ = 0;
};

std::vector<Route> ServerTest::routes() {
  const auto say = [](std::string text) {
    return [text](const Request& request) { return Response::json(200, text + described(request)); };
  };
  const auto echo = [](const Request& request) { return Response{200, {}, request.body}; };
  const auto open = [this](const Request&) -> Result<std::unique_ptr<BodySink>> {
    return std::unique_ptr<BodySink>(std::make_unique<LoggingSink>(sink_));
  };
  const auto slow = [](const Request&) {
    std::this_thread::sleep_for(300ms);
    return Response{200, {}, "slow"};
  };
  const auto stream = [this](const Request& request) {
    Response response{200, {{"Content-Type", "text/plain"}}, ""};
    response.source = std::make_shared<LetterSource>(request, sink_);
    if (const auto bytes = request.query_value("bytes"))
      response.source_bytes = std::stoull(std::string(*bytes));
    return response;
  };
  const auto live = [this](const Request&) {
    Response response{200, {{"Content-Type", "text/event-stream"}}, ""};
    response.live = std::make_shared<TestLive>(live_);
    return response;
  };
  const auto until_gone = [this](const Request& request) {
    std::unique_lock lock(sink_.mutex);
    ++sink_.opened;
    sink_.changed.notify_all();
    std::condition_variable_any gone;
    gone.wait_for(lock, request.client_gone, 5s, [] { return false; });
    if (request.client_gone.stop_requested()) ++sink_.destroyed;
    sink_.changed.notify_all();
    return Response{200, {}, "waited"};
  };
  const auto whoami = [](const Request& request) {
    const auto proxy = request.proxy.empty() ? "-" : request.proxy;
    const auto* scheme = request.secure ? " secure " : " plain ";
    return Response{200, {}, request.peer + " by " + proxy + scheme + request.host};
  };
  const auto page = [](const Request&) {
    return Response{
        200, {{"content-security-policy", "default-src 'self'"}, {"Cache-Control", "max-age=60"}}, "page"};
  };
  const auto large = [](const Request&) { return Response{200, {}, std::string(4 << 20, 'x')}; };
  const auto fails = [](const Request&) -> Response { throw std::runtime_error("secret detail"); };
  return {
      {Method::kGet, "/hello", BodyKind::kNone, {}, say("hello"), {}},
      {Method::kGet, "/items/{id}", BodyKind::kNone, {}, say("item;"), {}},
      {Method::kGet, "/items/special", BodyKind::kNone, {}, say("special"), {}},
      {Method::kPost, "/echo", BodyKind::kBuffer, {}, echo, {}},
      {Method::kPost, "/nobody", BodyKind::kNone, {}, echo, {}},
      {Method::kPost, "/upload", BodyKind::kStream, {}, {}, open},
      {Method::kGet, "/stream", BodyKind::kNone, {}, stream, {}},
      {Method::kGet, "/live", BodyKind::kNone, {}, live, {}},
      {Method::kGet, "/until-gone", BodyKind::kNone, {}, until_gone, {}, true},
      {Method::kGet, "/slow", BodyKind::kNone, {}, slow, {}},
      {Method::kGet, "/alive", BodyKind::kNone, {}, say("alive"), {}, false, RunsOn::kLoop},
      {Method::kGet, "/ready", BodyKind::kNone, {}, say("ready"), {}, false, RunsOn::kReserve},
      {Method::kGet, "/whoami", BodyKind::kNone, {}, whoami, {}},
      {Method::kGet, "/page", BodyKind::kNone, {}, page, {}},
      {Method::kGet, "/fails", BodyKind::kNone, {}, fails, {}},
      {Method::kGet, "/later", BodyKind::kNone, {}, [](const Request&) { return Response::empty(503); }, {}},
      {Method::kPost, "/guarded", BodyKind::kStream, admit_by_key, {}, open},
      {Method::kPost, "/guarded-echo", BodyKind::kBuffer, admit_by_key, echo, {}},
      {Method::kGet, "/empty", BodyKind::kNone, {}, [](const Request&) { return Response::empty(204); }, {}},
      {Method::kGet, "/large", BodyKind::kNone, {}, large, {}},
  };
}

}  // namespace adit::http::test
