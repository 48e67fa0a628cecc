#include "faults/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace adit::test {
namespace {

constexpr int kTickMs = 20;
/// So many come at one tick: the server's queue of connections is not what is tried here.
constexpr int kArrivalsMax = 100;
constexpr std::size_t kAnswerBytesKept = 4096;
constexpr std::chrono::milliseconds kSlowReadPause{1000};
constexpr std::size_t kSlowReadBytes = 16;
/// What a whole answer may take; most are read to their end far sooner.
constexpr std::chrono::milliseconds kAnswerTimeMax{2000};

sockaddr_in socket_address(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    throw std::runtime_error("no IPv4 address: " + host);
  }
  return address;
}

sockaddr_in socket_address(const std::string& address) {
  const auto colon = address.rfind(':');
  return socket_address(address.substr(0, colon), std::stoi(address.substr(colon + 1)));
}

std::size_t answers_in(std::string_view text) {
  std::size_t count = 0;
  constexpr std::string_view kBegin = "HTTP/1.1 ";
  for (auto at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) ++count;
  return count;
}

}  // namespace

Crowd::Crowd(CrowdTarget target, CrowdOptions options)
    : target_(std::move(target)),
      options_(std::move(options)),
      rng_(options_.seed),
      epoll_(::epoll_create1(0)) {
  if (epoll_ < 0 || options_.kinds.empty() || options_.sources.empty()) {
    throw std::runtime_error("a crowd needs kinds, sources and an epoll descriptor");
  }
  std::map<PeerKind, std::size_t> numbers;
  for (std::size_t i = 0; peers_.size() < options_.connections; ++i) {
    const auto kind = options_.kinds[i % options_.kinds.size()];
    const bool full = numbers[kind] >= peers_max(kind, options_.connections);
    if (full && options_.kinds.size() == 1) break;
    if (full) continue;
    ++numbers[kind];
    Peer peer;
    peer.kind = kind;
    peer.source = options_.sources[peers_.size() % options_.sources.size()];
    peers_.push_back(std::move(peer));
  }
  thread_ = std::thread([this] { work(); });
}

Crowd::~Crowd() {
  stop();
  ::close(epoll_);
}

CrowdCounts Crowd::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

CrowdCounts Crowd::stop() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
  return counts();
}

void Crowd::work() {
  std::array<epoll_event, 512> events{};
  while (!stopped_) {
    auto now = Clock::now();
    int arrivals = 0;
    for (auto& peer : peers_) {
      if (peer.due > now) continue;
      if (peer.socket < 0 && ++arrivals > kArrivalsMax) continue;
      act(peer, now);
    }
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kTickMs);
    now = Clock::now();
    for (int i = 0; i < count; ++i)
      hear(*static_cast<Peer*>(events[static_cast<std::size_t>(i)].data.ptr), now);
  }
  for (auto& peer : peers_) {
    if (peer.socket >= 0) ::close(peer.socket);
  }
  open_ = 0;
}

void Crowd::connect(Peer& peer, Clock::time_point now) {
  peer.script = script_of(peer.kind, target_, rng_);
  peer.said = peer.dripped = 0;
  peer.heard = 0;
  peer.answer.clear();
  peer.came = now;
  peer.due = now + peer.script.pause;
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const auto from = socket_address(peer.source, 0);
  const auto to = socket_address(peer.script.tls_port ? target_.tls_address : target_.address);
  const int on = 1;
  const int small_window = 4096;
  if (socket >= 0) ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (socket >= 0 && !peer.script.reads) {
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small_window, sizeof small_window);
  }
  const bool connects =
      socket >= 0 && ::bind(socket, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
      (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 || errno == EINPROGRESS);
  const std::lock_guard lock(mutex_);
  if (!connects) {
    ++counts_.not_connected;
    if (socket >= 0) ::close(socket);
    return;
  }
  ++counts_.connected;
  ++open_;
  peer.socket = socket;
  peer.due = now;
  epoll_event event{};
  event.events = peer.script.reads ? EPOLLIN | EPOLLRDHUP : EPOLLRDHUP;
  event.data.ptr = &peer;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

/// False when the system takes no more at the moment.
bool Crowd::say(Peer& peer, std::string_view bytes, std::size_t& said) {
  while (said < bytes.size()) {
    const auto sent = ::send(peer.socket, bytes.data() + said, bytes.size() - said, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    said += static_cast<std::size_t>(sent);
  }
  return true;
}

void Crowd::act(Peer& peer, Clock::time_point now) {
  if (peer.socket < 0) return connect(peer, now);
  const auto& script = peer.script;
  peer.due = now + std::chrono::milliseconds(kTickMs);
  if (script.reset_after && now - peer.came >= *script.reset_after) {
    const linger vanish{1, 0};
    ::setsockopt(peer.socket, SOL_SOCKET, SO_LINGER, &vanish, sizeof vanish);
    return leave(peer, now);
  }
  if (!peer.answer.empty() && script.reads && now - peer.came >= kAnswerTimeMax) return leave(peer, now);
  if (!say(peer, script.opening, peer.said)) return;
  if (!script.reads) {
    hear(peer, now);
    peer.due = now + kSlowReadPause;
  } else if (!script.drip.empty()) {
    std::size_t at = peer.dripped % script.drip.size();
    say(peer, std::string_view(script.drip).substr(0, at + 1), at);
    ++peer.dripped;
    peer.due = now + script.drip_pause;
  } else if (!script.reset_after) {
    peer.due = now + std::chrono::milliseconds(200);
  }
}

void Crowd::hear(Peer& peer, Clock::time_point now) {
  if (peer.socket < 0) return;
  std::array<char, 16384> bytes{};
  const auto wanted = peer.script.reads ? bytes.size() : kSlowReadBytes;
  const auto got = ::recv(peer.socket, bytes.data(), wanted, 0);
  if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
  if (got <= 0) {
    if (peer.answer.empty()) note_answer(peer);
    return leave(peer, now);
  }
  peer.heard += static_cast<std::uint64_t>(got);
  const auto kept = std::min(static_cast<std::size_t>(got),
                             kAnswerBytesKept - std::min(kAnswerBytesKept, peer.answer.size()));
  peer.answer.append(bytes.data(), kept);
}

void Crowd::leave(Peer& peer, Clock::time_point now) {
  if (!peer.answer.empty()) note_answer(peer);
  ::close(peer.socket);
  peer.socket = -1;
  --open_;
  peer.due = now + peer.script.pause;
}

void Crowd::note_answer(const Peer& peer) {
  const std::lock_guard lock(mutex_);
  const bool is_http = peer.answer.starts_with("HTTP/1.1 ") && peer.answer.size() > 12;
  const int status = is_http ? std::stoi(peer.answer.substr(9, 3)) : 0;
  ++counts_.answers[status];
  if (answers_in(peer.answer) > 1) ++counts_.second_answers;
  if (status == 503 && peer.answer.find("Retry-After: ") == std::string::npos) {
    ++counts_.unavailable_without_retry_after;
  }
}

}  // namespace adit::test
