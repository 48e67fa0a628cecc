#include "http/listener.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "base/log.h"

namespace adit::http {
namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

/// After a failure to accept, as when no descriptors are left: time for others to be closed.
constexpr std::chrono::milliseconds kPauseAfterFailure{100};
/// Failures that follow each other fill no log.
constexpr std::chrono::seconds kSayAgain{10};

std::optional<std::pair<std::string, std::string>> split(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  auto host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::pair(std::move(host), address.substr(colon + 1));
}

std::string text_of(const tcp::endpoint& endpoint) {
  const auto host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

Error cannot_listen(const std::string& address, const std::string& why) {
  return invalid("Can't listen on " + address + ": " + why + ".");
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(asio::io_context& context, const std::string& address) {
  const auto parts = split(address);
  if (!parts) return cannot_listen(address, "it is not of the form HOST:PORT");
  error_code error;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(parts->first, parts->second, tcp::resolver::passive, error);
  if (error || found.empty()) return cannot_listen(address, error.message());
  const tcp::endpoint endpoint = *found.begin();
  std::unique_ptr<Listener> listener(new Listener(context));
  auto& acceptor = listener->acceptor_;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) listener->address_ = text_of(acceptor.local_endpoint(error));
  if (error) return cannot_listen(address, error.message());
  return listener;
}

asio::awaitable<void> Listener::run(ChooseExecutor choose_executor, OnConnection on_connection) {
  asio::steady_timer pause(acceptor_.get_executor());
  auto say_from = Connection::Clock::time_point::min();
  while (acceptor_.is_open()) {
    error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    auto executor = choose_executor();
    tcp::socket socket = co_await acceptor_.async_accept(executor, token);
    if (!error) {
      on_connection(std::move(socket));
      continue;
    }
    if (!acceptor_.is_open()) co_return;
    if (error == asio::error::connection_aborted) continue;
    if (const auto now = Connection::Clock::now(); now >= say_from) {
      log::warning("accept failed", {{"address", address_}, {"error", error.message()}});
      say_from = now + kSayAgain;
    }
    error_code ignored;
    auto wait_token = asio::redirect_error(asio::use_awaitable, ignored);
    pause.expires_after(kPauseAfterFailure);
    co_await pause.async_wait(wait_token);
  }
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace adit::http
