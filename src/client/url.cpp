#include "client/url.h"

#include <charconv>

namespace adit::client {
namespace {

bool is_unreserved(unsigned char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '-' || letter == '.' || letter == '_' || letter == '~';
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  return code == std::errc{} && end == text.data() + text.size() && port != 0;
}

// Splits HOST:PORT and [HOST]:PORT; the port is left alone where there is none.
bool parse_authority(std::string_view text, BaseUrl& url) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    url.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else {
    const auto colon = text.find(':');
    url.host = text.substr(0, colon);
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (url.host.empty() || url.host.find_first_of(" \t\r\n%@\\") != std::string::npos) return false;
  return rest.empty() || (rest.front() == ':' && parse_port(rest.substr(1), url.port));
}

}  // namespace

std::string BaseUrl::authority() const {
  const bool bracketed = host.find(':') != std::string::npos;
  std::string text = bracketed ? "[" + host + "]" : host;
  if (port != (secure ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

std::string BaseUrl::to_string() const { return (secure ? "https://" : "http://") + authority() + path; }

bool BaseUrl::is_loopback() const { return host == "localhost" || host == "::1" || host.starts_with("127."); }

Result<BaseUrl> parse_base_url(std::string_view text) {
  const Error wrong =
      invalid("`" + std::string(text) + "` is not an address; write it like https://adit.example:8443");
  BaseUrl url;
  std::string_view rest = text;
  if (const auto mark = text.find("://"); mark != std::string_view::npos) {
    const auto scheme = text.substr(0, mark);
    if (scheme != "http" && scheme != "https") return wrong;
    url.secure = scheme == "https";
    rest = text.substr(mark + 3);
  }
  url.port = url.secure ? 443 : 80;
  const auto slash = rest.find('/');
  if (!parse_authority(rest.substr(0, slash), url)) return wrong;
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  if (url.path.find_first_of("?# \t\r\n") != std::string::npos) return wrong;
  return url;
}

std::string encode_segment(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (is_unreserved(byte)) {
      encoded += letter;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

}  // namespace adit::client
