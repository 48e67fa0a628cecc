#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <future>
#include <utility>

#include "base/guarded.h"
#include "base/id.h"
#include "base/log.h"
#include "base/worker_pool.h"
#include "http/exchange.h"
#include "http/forwarded.h"
#include "http/io_loop.h"
#include "http/listener.h"
#include "http/response_writer.h"
#include "http/router.h"
#include "http/session.h"
#include "http/standing_fields.h"
#include "http/tls.h"

namespace adit::http {
namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

/// Connections above the limit for a moment: those whose place another one is just giving up, and those that
/// are being refused. Beyond them they are just closed.
constexpr std::size_t kBeyondMax = 96;
/// Of these, an origin with many connections has a part, so that it leaves places to others.
constexpr std::size_t kBeyondMaxOfMany = 64;
constexpr std::size_t kMany = 16;
constexpr std::chrono::seconds kRefusalTimeout{1};
/// Between two lines of the log that say the same of others.
constexpr std::chrono::seconds kSayAgain{10};

struct OpenConnections {
  std::size_t connections = 0;
  std::size_t refused = 0;  ///< of them; they have no place
};

/// Counts a refusal for as long as it lives.
class RefusalCount {
 public:
  explicit RefusalCount(Guarded<OpenConnections>& open) : open_(open) { ++open_.lock()->refused; }
  ~RefusalCount() { --open_.lock()->refused; }
  RefusalCount(const RefusalCount&) = delete;
  RefusalCount& operator=(const RefusalCount&) = delete;

 private:
  Guarded<OpenConnections>& open_;
};

class ServerImpl final : public Server {
 public:
  ServerImpl(ServerOptions options, Router router, RenderError render, Metrics& metrics,
             std::shared_ptr<asio::ssl::context> tls)
      : options_(std::move(options)),
        router_(std::move(router)),
        render_(std::move(render)),
        metrics_(metrics),
        cors_(options_.cors_origins),
        standing_(options_.hsts_age),
        body_memory_(options_.limits.body_memory_bytes_max),
        tls_(std::move(tls)) {}
  ~ServerImpl() override { stop(); }

  Result<void> start() override;
  void stop() override;
  Result<void> use_certificate(const TlsIdentity& certificate) override;
  std::string address() const override {
    return plain_listener_ ? plain_listener_->address() : std::string();
  }
  std::optional<std::string> tls_address() const override {
    return tls_listener_ ? std::optional(tls_listener_->address()) : std::nullopt;
  }

 private:
  enum class Admission {
    kServed,
    kIfRoom,  ///< served if another connection gives way to it, else refused
    kDropped,
  };

  struct GaveWay {
    std::size_t unsaid = 0;
    std::chrono::steady_clock::time_point said{};
  };

  IoLoop& next_loop() { return *loops_[next_loop_++ % loops_.size()]; }
  enum class Security { kPlain, kTls };
  using TlsContext = std::shared_ptr<asio::ssl::context>;

  void accept_on(Listener& listener, Security security);
  void take(tcp::socket socket, Security security, IoLoop& loop);
  Admission admit();
  void release();
  asio::awaitable<void> serve(tcp::socket socket, TlsContext tls, IoLoop& loop);
  asio::awaitable<void> serve_if_room(tcp::socket socket, TlsContext tls, IoLoop& loop);
  asio::awaitable<void> refuse(tcp::socket socket, Security security, IoLoop& loop);
  void note_gave_way();
  void close_listeners();
  bool wait_until_closed(std::optional<std::chrono::milliseconds> timeout);

  // Constant after construction.
  const ServerOptions options_;
  const Router router_;
  const RenderError render_;
  Metrics& metrics_;
  const Cors cors_;
  const StandingFields standing_;
  BodyMemory body_memory_;

  // Between start() and stop(), on their thread. The loops outlive what runs on them.
  std::vector<std::unique_ptr<IoLoop>> loops_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<WorkerPool> reserve_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Listener> plain_listener_;
  std::unique_ptr<Listener> tls_listener_;
  bool running_ = false;

  std::size_t next_loop_ = 0;  ///< on the first loop's thread
  std::atomic<bool> stopping_ = false;
  Guarded<TlsContext> tls_;  ///< of new handshakes; null without TLS
  Guarded<OpenConnections> open_;
  Guarded<GaveWay> gave_way_;
  std::condition_variable closed_;
};

Result<void> ServerImpl::start() {
  if (running_) return internal("the server was started twice");
  stopping_ = false;
  plain_listener_.reset();
  tls_listener_.reset();
  loops_.clear();
  for (std::size_t i = 0; i < std::max<std::size_t>(options_.io_threads, 1); ++i) {
    loops_.push_back(std::make_unique<IoLoop>());
  }
  auto& context = loops_.front()->context();
  ADIT_TRY(plain_listener_, Listener::open(context, options_.listen));
  if (options_.tls_listen) {
    ADIT_TRY(tls_listener_, Listener::open(context, *options_.tls_listen));
  }
  // No more can wait than there are connections, so that nothing that has begun is broken off.
  const auto queue_max = options_.limits.connections_max + kBeyondMax;
  workers_ = std::make_unique<WorkerPool>("adit-http", options_.workers, queue_max);
  reserve_ = std::make_unique<WorkerPool>("adit-reserve", 1, queue_max);
  service_ = std::make_unique<Service>(Service{router_, options_.limits, render_, *workers_,
                                               options_.worker_wait_max, *reserve_, metrics_, stopping_,
                                               cors_, options_.trusted_proxies, standing_, body_memory_});
  accept_on(*plain_listener_, Security::kPlain);
  if (tls_listener_) accept_on(*tls_listener_, Security::kTls);
  for (auto& loop : loops_) loop->start();
  running_ = true;
  return {};
}

Result<void> ServerImpl::use_certificate(const TlsIdentity& certificate) {
  if (!options_.tls_listen) return internal("a certificate for a server without TLS");
  ADIT_TRY(auto context, make_tls_context(certificate));
  *tls_.lock() = std::move(context);
  return {};
}

void ServerImpl::accept_on(Listener& listener, Security security) {
  // One connection is chosen a loop before it is there, so the choice is kept for the callback.
  auto chosen = std::make_shared<IoLoop*>(nullptr);
  auto choose = [this, chosen]() -> asio::any_io_executor {
    *chosen = &next_loop();
    return (*chosen)->context().get_executor();
  };
  auto take_socket = [this, chosen, security](tcp::socket socket) {
    take(std::move(socket), security, **chosen);
  };
  asio::co_spawn(loops_.front()->context(), listener.run(choose, take_socket), asio::detached);
}

ServerImpl::Admission ServerImpl::admit() {
  auto open = open_.lock();
  if (open->connections >= options_.limits.connections_max + kBeyondMax) return Admission::kDropped;
  const auto taken = ++open->connections - open->refused;
  return taken <= options_.limits.connections_max ? Admission::kServed : Admission::kIfRoom;
}

void ServerImpl::release() {
  --open_.lock()->connections;
  closed_.notify_all();
}

void ServerImpl::take(tcp::socket socket, Security security, IoLoop& loop) {
  if (stopping_) return;
  const auto admission = admit();
  if (admission == Admission::kDropped) return;
  const auto ended = [this](const std::exception_ptr& exception) {
    if (exception) log::error("session failed", {{"detail", "an exception left the session"}});
    release();
  };
  auto tls = security == Security::kTls ? *tls_.lock() : TlsContext();
  if (admission == Admission::kServed) {
    asio::co_spawn(loop.context(), serve(std::move(socket), std::move(tls), loop), ended);
  } else {
    asio::co_spawn(loop.context(), serve_if_room(std::move(socket), std::move(tls), loop), ended);
  }
}

/// Keeps a connection known to its loop for as long as it lives.
class Registration {
 public:
  Registration(IoLoop& loop, Connection& connection, const std::string& origin)
      : loop_(loop), connection_(connection) {
    loop_.add(connection_, origin);
  }
  ~Registration() { loop_.remove(connection_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  IoLoop& loop_;
  Connection& connection_;
};

/// Counts in a gauge for as long as it lives.
class Counted {
 public:
  explicit Counted(prometheus::Gauge& gauge) : gauge_(gauge) { gauge_.Increment(); }
  ~Counted() { gauge_.Decrement(); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  prometheus::Gauge& gauge_;
};

asio::awaitable<void> ServerImpl::serve(tcp::socket socket, TlsContext tls, IoLoop& loop) {
  const Counted counted(metrics_.http_connections);
  Connection connection(std::move(socket), std::move(tls));
  const Registration registration(loop, connection, origin_of(connection.peer(), options_.trusted_proxies));
  Session session(connection, *service_, loop.places());
  co_await session.run();
}

/// All places are taken. The loops have about as many connections each, so the new one's own is asked.
asio::awaitable<void> ServerImpl::serve_if_room(tcp::socket socket, TlsContext tls, IoLoop& loop) {
  error_code ignored;
  const auto peer = socket.remote_endpoint(ignored).address().to_string();
  const auto origin = origin_of(peer, options_.trusted_proxies);
  const auto places = options_.limits.connections_max + kBeyondMaxOfMany;
  if (open_.lock()->connections > places && loop.places().of(origin) > kMany) co_return;
  const bool room = loop.places().make_room(origin);
  if (room) {
    note_gave_way();
    co_await serve(std::move(socket), std::move(tls), loop);
  } else {
    const auto security = tls ? Security::kTls : Security::kPlain;
    co_await refuse(std::move(socket), security, loop);
  }
}

void ServerImpl::note_gave_way() {
  metrics_.http_connections_gave_way.Increment();
  auto gave_way = gave_way_.lock();
  ++gave_way->unsaid;
  const auto now = std::chrono::steady_clock::now();
  if (now - gave_way->said < kSayAgain) return;
  gave_way->said = now;
  log::warning(
      "all connection places are taken: connections with the least to lose gave way",
      {{"connections", std::exchange(gave_way->unsaid, 0)}, {"limit", options_.limits.connections_max}});
}

/// Says in one answer that there are too many connections. A TLS client learns it from the closed connection:
/// a handshake would cost more than the answer is worth.
asio::awaitable<void> ServerImpl::refuse(tcp::socket socket, Security security, IoLoop& loop) {
  if (security == Security::kTls) co_return;
  Connection connection(std::move(socket), nullptr);
  const Registration registration(loop, connection, origin_of(connection.peer(), options_.trusted_proxies));
  loop.places().refuse(connection);
  const RefusalCount counted(open_);
  const Error error{ErrorKind::kUnavailable, "The server has too many connections; try again in a moment."};
  Request request;
  request.reference = Uuid::random().to_string();
  Response response = render_(request, error, std::nullopt);
  add_unless_there(response, "Retry-After", "1");
  standing_.apply(request, response);
  const auto& reference = request.reference;
  const std::string bytes = response_head(response, reference, Persistence::kClose) + response.body;
  log::warning("connection refused", {{"peer", connection.peer()}, {"reference", reference}});
  co_await connection.write(bytes, {}, kRefusalTimeout);
  co_await connection.linger(kRefusalTimeout, kRefusalTimeout, options_.limits.header_bytes_max);
}

/// Returns when it is done. As take() looks at stopping_ on the same thread, no connection is counted
/// afterwards.
void ServerImpl::close_listeners() {
  std::promise<void> closed;
  asio::post(loops_.front()->context(), [&] {
    plain_listener_->close();
    if (tls_listener_) tls_listener_->close();
    closed.set_value();
  });
  closed.get_future().wait();
}

bool ServerImpl::wait_until_closed(std::optional<std::chrono::milliseconds> timeout) {
  auto open = open_.lock();
  const auto none_open = [&] { return open->connections == 0; };
  if (timeout) return closed_.wait_for(open.unique_lock(), *timeout, none_open);
  closed_.wait(open.unique_lock(), none_open);
  return true;
}

void ServerImpl::stop() {
  if (!std::exchange(running_, false)) return;
  stopping_ = true;
  close_listeners();
  for (auto& loop : loops_) loop->stop_connections();
  if (!wait_until_closed(options_.drain_timeout)) {
    for (auto& loop : loops_) loop->abort_all();
    wait_until_closed(std::nullopt);
  }
  workers_->stop();
  reserve_->stop();
  for (auto& loop : loops_) loop->stop();
  plain_listener_.reset();
  tls_listener_.reset();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(ServerOptions options, std::vector<Route> routes,
                                               RenderError render, Metrics& metrics) {
  ADIT_TRY(auto router, Router::create(std::move(routes)));
  std::shared_ptr<asio::ssl::context> tls;
  if (options.tls_listen) {
    if (!options.certificate) return internal("TLS without a certificate");
    ADIT_TRY(tls, make_tls_context(*options.certificate));
  }
  return std::unique_ptr<Server>(std::make_unique<ServerImpl>(std::move(options), std::move(router),
                                                              std::move(render), metrics, std::move(tls)));
}

}  // namespace adit::http
