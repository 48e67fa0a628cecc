#include "http/response_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <utility>

#include "http/header_value.h"

namespace adit::http {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 33> kReasons{{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
}};

std::string_view reason_of(int status) {
  const auto found = std::ranges::find(kReasons, status, &std::pair<int, std::string_view>::first);
  return found == kReasons.end() ? std::string_view("Status") : found->second;
}

bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 5> kFraming{"Content-Length", "Connection", "Transfer-Encoding",
                                                     "Date", "Server"};
  return std::ranges::any_of(kFraming, [&](std::string_view f) { return equal_ignoring_case(f, name); });
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  const auto start = head.size();
  head += value;
  std::replace_if(
      head.begin() + static_cast<std::ptrdiff_t>(start), head.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  head += "\r\n";
}

}  // namespace

bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string_view http_date() {
  thread_local std::time_t made_at = 0;
  thread_local std::array<char, 32> text{};
  thread_local std::size_t size = 0;
  const auto now = std::time(nullptr);
  if (now != made_at) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made_at = now;
  }
  return {text.data(), size};
}

std::string chunk_head(std::size_t bytes) {
  std::array<char, 20> digits{};
  auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16).ptr;
  return std::string(digits.data(), end) + "\r\n";
}

std::string response_head(const Response& response, std::string_view reference, Persistence persistence,
                          Framing framing) {
  std::string head;
  head.reserve(320);
  head += "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_of(response.status);
  head += "\r\n";
  append_field(head, "Server", "adit");
  append_field(head, "Date", http_date());
  append_field(head, "X-Request-Id", reference);
  for (const auto& [name, value] : response.headers) {
    if (!is_framing(name)) append_field(head, name, value);
  }
  if (framing == Framing::kChunked) append_field(head, "Transfer-Encoding", "chunked");
  if (framing == Framing::kLength && status_has_body(response.status)) {
    append_field(head, "Content-Length",
                 std::to_string(response.source ? response.source_bytes.value_or(0) : response.body.size()));
  }
  if (persistence == Persistence::kKeepAliveSaid) append_field(head, "Connection", "keep-alive");
  if (persistence == Persistence::kClose) append_field(head, "Connection", "close");
  head += "\r\n";
  return head;
}

}  // namespace adit::http
