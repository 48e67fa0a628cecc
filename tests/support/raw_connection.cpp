#include "support/raw_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "support/patience.h"

namespace adit::test {
namespace {

[[noreturn]] void fail(const std::string& what) { throw TransportError(what + ": " + std::strerror(errno)); }

int connect_to(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) throw TransportError("no HOST:PORT: " + address);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  if (::inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr) != 1) {
    throw TransportError("no IPv4 address: " + address);
  }
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket");
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) {
    ::close(socket);
    fail("connect to " + address);
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

SSL_CTX* tls_context() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = ::SSL_CTX_new(::TLS_client_method());
    ::SSL_CTX_set_verify(made, SSL_VERIFY_NONE, nullptr);
    return made;
  }();
  return context;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::size_t parse_size(const std::string& text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end == text.data()) throw TransportError("no length: " + text);
  return value;
}

}  // namespace

std::optional<std::string> HttpResponse::header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (field == name) return value;
  }
  return std::nullopt;
}

boost::json::value HttpResponse::json() const {
  boost::system::error_code error;
  auto value = boost::json::parse(body, error);
  if (error) throw std::runtime_error("status " + std::to_string(status) + ", no JSON: " + body);
  return value;
}

void RawConnection::FreeSsl::operator()(ssl_st* ssl) const { ::SSL_free(ssl); }

RawConnection::RawConnection(const std::string& address, Security security) : socket_(connect_to(address)) {
  set_timeout(kPatience * std::chrono::seconds{30});
  if (security == Security::kPlain) return;
  ssl_.reset(::SSL_new(tls_context()));
  ::SSL_set_fd(ssl_.get(), socket_);
  if (::SSL_connect(ssl_.get()) != 1) {
    ::close(socket_);
    throw TransportError("TLS handshake failed");
  }
}

RawConnection::~RawConnection() {
  if (socket_ >= 0) ::close(socket_);
}

void RawConnection::set_timeout(std::chrono::milliseconds timeout) {
  timeval value{};
  value.tv_sec = static_cast<time_t>(timeout.count() / 1000);
  value.tv_usec = static_cast<suseconds_t>(timeout.count() % 1000 * 1000);
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof value);
}

void RawConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = 0;
    if (ssl_) {
      sent = ::SSL_write(ssl_.get(), bytes.data(),
                         static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
    } else {
      sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawConnection::shutdown_write() {
  if (ssl_) ::SSL_shutdown(ssl_.get());
  ::shutdown(socket_, SHUT_WR);
}

void RawConnection::reset() {
  const linger now{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(std::exchange(socket_, -1));
}

std::size_t RawConnection::read_some(char* to, std::size_t bytes_max) {
  while (true) {
    const ssize_t got =
        ssl_ ? ::SSL_read(ssl_.get(), to, static_cast<int>(bytes_max)) : ::recv(socket_, to, bytes_max, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (ssl_ && ::SSL_get_error(ssl_.get(), static_cast<int>(got)) == SSL_ERROR_ZERO_RETURN) return 0;
    if (errno == EINTR) continue;
    fail("receive");
  }
}

bool RawConnection::fill() {
  char block[16 * 1024];
  const std::size_t got = read_some(block, sizeof block);
  buffer_.append(block, got);
  return got > 0;
}

std::string RawConnection::read_line() {
  while (true) {
    if (const auto end = buffer_.find("\r\n"); end != std::string::npos) {
      auto line = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      return line;
    }
    if (!fill()) throw TransportError("closed in the head of an answer, after: " + buffer_);
  }
}

std::string RawConnection::read_exactly(std::size_t bytes) {
  while (buffer_.size() < bytes) {
    if (!fill()) throw TransportError("closed in the body of an answer");
  }
  auto result = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return result;
}

std::string RawConnection::read_chunked() {
  std::string body;
  while (const std::size_t size = parse_size(read_line(), 16)) {
    body += read_exactly(size);
    read_line();
  }
  while (!read_line().empty()) {
  }
  return body;
}

HttpResponse RawConnection::read_response(std::string_view method) {
  HttpResponse response;
  const auto status_line = read_line();
  if (!status_line.starts_with("HTTP/1.1 ") || status_line.size() < 12) {
    throw TransportError("no status line: " + status_line);
  }
  response.status = static_cast<int>(parse_size(status_line.substr(9, 3), 10));
  for (auto line = read_line(); !line.empty(); line = read_line()) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) throw TransportError("no header field: " + line);
    const auto value = line.find_first_not_of(" \t", colon + 1);
    response.headers.emplace_back(lower(line.substr(0, colon)),
                                  value == std::string::npos ? "" : line.substr(value));
  }
  if (method == "HEAD" || response.status < 200 || response.status == 204 || response.status == 304)
    return response;
  if (lower(response.header("transfer-encoding").value_or("")) == "chunked") {
    response.body = read_chunked();
  } else if (const auto length = response.header("content-length")) {
    response.body = read_exactly(parse_size(*length, 10));
  } else {
    response.body = read_until_closed();
  }
  return response;
}

std::optional<std::string> RawConnection::read_until(std::string_view end) {
  for (;;) {
    if (const auto found = buffer_.find(end); found != std::string::npos) {
      auto text = buffer_.substr(0, found + end.size());
      buffer_.erase(0, text.size());
      return text;
    }
    if (!fill()) return std::nullopt;
  }
}

std::string RawConnection::read_until_closed() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

std::uint64_t RawConnection::count_until_closed() {
  std::uint64_t bytes = buffer_.size();
  for (buffer_.clear(); fill(); buffer_.clear()) bytes += buffer_.size();
  return bytes;
}

bool RawConnection::has_bytes() const {
  char byte = 0;
  return !buffer_.empty() || ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool RawConnection::closed_by_peer() {
  char byte = 0;
  const ssize_t got = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string RawConnection::peer_certificate_digest() const {
  const std::unique_ptr<X509, decltype(&::X509_free)> certificate(::SSL_get1_peer_certificate(ssl_.get()),
                                                                  &::X509_free);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (!certificate || ::X509_digest(certificate.get(), ::EVP_sha256(), digest, &length) != 1) {
    throw TransportError("no certificate");
  }
  return {reinterpret_cast<const char*>(digest), length};
}

}  // namespace adit::test
