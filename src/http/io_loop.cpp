#include "http/io_loop.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <limits>
#include <tuple>

namespace adit::http {
namespace {

/// From so many times the newcomer's connections on, an origin gives up a body in the middle.
constexpr std::size_t kTimesAsMany = 16;

}  // namespace

IoLoop::IoLoop() : context_(1), guard_(context_.get_executor()), timer_(context_) {}

IoLoop::~IoLoop() { stop(); }

void IoLoop::start() {
  thread_ = std::thread([this] { context_.run(); });
  ::pthread_setname_np(thread_.native_handle(), "adit-io");
}

void IoLoop::stop() {
  guard_.reset();
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

void IoLoop::add(Connection& connection, const std::string& origin) {
  auto& counted = connections_[&connection];
  if (!origin.empty()) {
    counted = &*origins_.try_emplace(origin, 0).first;
    ++counted->second;
  }
  if (!ticking_) tick();
}

void IoLoop::remove(Connection& connection) {
  const auto found = connections_.find(&connection);
  auto* const counted = found->second;
  connections_.erase(found);
  if (counted != nullptr && --counted->second == 0) origins_.erase(counted->first);
}

bool IoLoop::make_room(const std::string& newcomer) {
  const auto now = Connection::Clock::now();
  const auto own = origins_.find(newcomer);
  const auto paced_from = kTimesAsMany * (own == origins_.end() ? 1 : own->second + 1);
  Connection* weakest = nullptr;
  std::tuple<Standing, std::size_t, Connection::Clock::rep> least;
  for (const auto& [connection, counted] : connections_) {
    const auto standing = connection->standing(now);
    const auto of_origin = counted != nullptr ? counted->second : 0;
    if (standing == Standing::kBusy || (standing == Standing::kPaced && of_origin < paced_from)) continue;
    const auto others = std::numeric_limits<std::size_t>::max() - of_origin;
    const std::tuple key(standing, others, connection->since().time_since_epoch().count());
    if (weakest != nullptr && key >= least) continue;
    weakest = connection;
    least = key;
  }
  if (weakest == nullptr) return false;
  weakest->abort();
  return true;
}

void IoLoop::tick() {
  ticking_ = !connections_.empty();
  if (!ticking_) return;
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const auto now = Connection::Clock::now();
    for (const auto& [connection, _] : connections_) connection->check_deadline(now);
    tick();
  });
}

void IoLoop::stop_connections() {
  asio::post(context_, [this] {
    for (const auto& [connection, _] : connections_) connection->stop();
  });
}

void IoLoop::abort_all() {
  asio::post(context_, [this] {
    for (const auto& [connection, _] : connections_) connection->abort();
  });
}

}  // namespace adit::http
