#include "support/faulty_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace adit::test {
namespace {

constexpr int kLookMs = 20;

int connect_to(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &place.sin_addr);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&place), sizeof place) == 0) return socket;
  ::close(socket);
  return -1;
}

bool send_all(int socket, const char* bytes, ssize_t count) {
  for (ssize_t done = 0; done < count;) {
    const auto sent = ::send(socket, bytes + done, static_cast<std::size_t>(count - done), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    done += sent;
  }
  return true;
}

}  // namespace

FaultyProxy::FaultyProxy(const std::string& upstream, Faults faults)
    : upstream_(upstream), faults_(std::move(faults)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof place;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&place), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&place), &size) != 0) {
    throw std::runtime_error("no port for the proxy");
  }
  port_ = ntohs(place.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

FaultyProxy::~FaultyProxy() {
  ending_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  carriers_.clear();
}

void FaultyProxy::accept_all() {
  int connections = 0;
  while (!ending_) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const auto cut = faults_.cut ? faults_.cut(connections++) : Cut{};
    const std::scoped_lock lock(mutex_);
    carriers_.emplace_back([this, client, cut] { carry(client, cut); });
  }
}

void FaultyProxy::carry(int client, Cut cut) {
  const int server = connect_to(upstream_);
  std::array<char, 65536> block{};
  const auto at_most = [&](std::uint64_t left) { return std::min<std::uint64_t>(left, block.size()); };
  std::uint64_t to_server = 0;
  std::uint64_t from_server = 0;
  bool open = server >= 0;
  while (open && !ending_) {
    std::array<pollfd, 2> ready{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (stalled_ || to_server >= faults_.stall_after_bytes) ready[0].fd = -1;
    if (stalled_) ready[1].fd = -1;
    ::poll(ready.data(), ready.size(), kLookMs);
    if (ready[0].revents != 0) {
      const auto count = ::recv(client, block.data(), at_most(cut.after_to_server - to_server), 0);
      open = count > 0 && send_all(server, block.data(), count);
      to_server += static_cast<std::uint64_t>(count > 0 ? count : 0);
    }
    if (open && ready[1].revents != 0) {
      const auto count = ::recv(server, block.data(), at_most(cut.after_from_server - from_server), 0);
      const bool lose = count > 0 && faults_.lose_answer && faults_.lose_answer(answers_++);
      if (lose) ++lost_;
      open = count > 0 && !lose && send_all(client, block.data(), count);
      from_server += static_cast<std::uint64_t>(count > 0 ? count : 0);
    }
    if (open && (to_server >= cut.after_to_server || from_server >= cut.after_from_server)) {
      open = false;
      ++cuts_;
    }
  }
  ::close(client);
  if (server >= 0) ::close(server);
}

}  // namespace adit::test
