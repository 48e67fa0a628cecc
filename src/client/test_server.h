// A small HTTP server for the tests of this folder: it answers what a function says and remembers what it was
// sent.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace adit::client {

struct Received {
  std::string method;
  std::string path;
  std::string head;  ///< the whole head
  std::string body;

  std::string field(const std::string& name) const {
    const auto start = head.find("\r\n" + name + ": ");
    if (start == std::string::npos) return {};
    const auto value = start + name.size() + 4;
    return head.substr(value, head.find("\r\n", value) - value);
  }
};

struct Reply {
  int status = 200;
  std::string body{};
  enum class After { kKeep, kClose, kHangUp } after = After::kKeep;  ///< kHangUp sends nothing
  std::string fields{};  ///< more lines of the head, each with its end
};

class TestServer {
 public:
  using Handler = std::function<Reply(const Received&)>;

  /// kIgnore answers as soon as the head is there.
  enum class Bodies { kRead, kIgnore };

  explicit TestServer(Handler handler, Bodies bodies = Bodies::kRead)
      : handler_(std::move(handler)), bodies_(bodies) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { accept_all(); });
  }
  ~TestServer() {
    ::shutdown(listener_, SHUT_RDWR);
    ::close(listener_);
    const std::scoped_lock lock(mutex_);
    if (current_ >= 0) ::shutdown(current_, SHUT_RDWR);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<Received> received() const {
    const std::scoped_lock lock(mutex_);
    return received_;
  }
  int connections() const {
    const std::scoped_lock lock(mutex_);
    return connections_;
  }

 private:
  void accept_all() {
    while (true) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      {
        const std::scoped_lock lock(mutex_);
        current_ = socket;
        ++connections_;
      }
      while (serve_one(socket)) {
      }
      const std::scoped_lock lock(mutex_);
      current_ = -1;
      ::close(socket);
    }
  }

  bool read_more(int socket, std::string& text) {
    char block[65536];
    const auto count = ::recv(socket, block, sizeof block, 0);
    if (count <= 0) return false;
    text.append(block, static_cast<std::size_t>(count));
    return true;
  }

  bool serve_one(int socket) {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
      if (!read_more(socket, text)) return false;
    }
    Received request;
    const auto end = text.find("\r\n\r\n");
    request.head = text.substr(0, end + 2);
    request.body = text.substr(end + 4);
    request.method = request.head.substr(0, request.head.find(' '));
    const auto path = request.method.size() + 1;
    request.path = request.head.substr(path, request.head.find(' ', path) - path);
    const auto promised = request.field("Content-Length");
    const std::size_t length = promised.empty() ? 0 : std::stoul(promised);
    while (bodies_ == Bodies::kRead && request.body.size() < length) {
      if (!read_more(socket, request.body)) return false;
    }
    {
      const std::scoped_lock lock(mutex_);
      received_.push_back(request);
    }
    return answer(socket, handler_(request));
  }

  bool answer(int socket, const Reply& reply) {
    if (reply.after == Reply::After::kHangUp) return false;
    std::string text =
        "HTTP/1.1 " + std::to_string(reply.status) + " Word\r\nContent-Type: application/json\r\n";
    if (reply.status != 204) text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    if (reply.after == Reply::After::kClose) text += "Connection: close\r\n";
    text += reply.fields + "\r\n" + reply.body;
    ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    return reply.after == Reply::After::kKeep;
  }

  const Handler handler_;
  const Bodies bodies_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  int current_ = -1;
  int connections_ = 0;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace adit::client
