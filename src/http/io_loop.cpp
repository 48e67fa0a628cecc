#include "http/io_loop.h"

#include <pthread.h>

#include <boost/asio/post.hpp>

namespace adit::http {

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
  places_.add(connection, origin);
  if (!ticking_) tick();
}

void IoLoop::tick() {
  ticking_ = !places_.empty();
  if (!ticking_) return;
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const auto now = Connection::Clock::now();
    places_.for_each([now](Connection& connection) { connection.check_deadline(now); });
    tick();
  });
}

void IoLoop::stop_connections() {
  asio::post(context_, [this] { places_.for_each([](Connection& connection) { connection.stop(); }); });
}

void IoLoop::abort_all() {
  asio::post(context_, [this] { places_.for_each([](Connection& connection) { connection.abort(); }); });
}

}  // namespace adit::http
