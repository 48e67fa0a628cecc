// RequestParser, and what reads a request's target and header fields. Input: the bytes of a connection.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "http/header_value.h"
#include "http/multipart.h"
#include "http/request_parser.h"
#include "http/target.h"

namespace {

using namespace adit;
using namespace adit::http;

constexpr std::size_t kHeaderBytesMax = 1024;
constexpr std::size_t kTargetBytesMax = 256;
constexpr std::size_t kRequestsMax = 8;

void read_head(const RawHead& head) {
  if (const auto target = parse_target(head.target)) {
    fuzz::require(target->path == "*" || target->path.starts_with('/'), "a path begins with a slash");
    for (const auto& segment : target->segments)
      fuzz::require(!segment.empty() && !segment.contains('\0'), "a segment has a name and no NUL");
  }
  for (const auto& [name, value] : head.headers.fields()) {
    fuzz::require(!name.empty(), "a header field has a name");
    fuzz::require(!value.contains('\r') && !value.contains('\n'), "a header field is one line");
    static_cast<void>(parse_header_value(value));
    static_cast<void>(multipart_boundary(value));
  }
}

std::string describe(const RequestParser& parser, const std::string& body) {
  const auto& head = parser.head();
  auto text = head.method + " " + head.target + " " + std::to_string(head.version) +
              (parser.keep_alive() ? " keep" : " close") + "\n";
  for (const auto& [name, value] : head.headers.fields()) text += name + ": " + value + "\n";
  return text + body + "\n";
}

/// All requests that are complete, read as a session does, with bytes that arrive `piece` at a time.
std::string read(std::string_view bytes, std::size_t piece) {
  std::string seen;
  std::vector<char> pending;
  for (std::size_t number = 0; number < kRequestsMax; ++number) {
    RequestParser parser(kHeaderBytesMax, kTargetBytesMax);
    std::string body;
    bool head_read = false;
    for (bool wants_more = pending.empty(); !parser.done();) {
      if (wants_more) {
        if (bytes.empty()) return seen;
        const auto next = bytes.substr(0, piece);
        pending.insert(pending.end(), next.begin(), next.end());
        bytes.remove_prefix(next.size());
      }
      const auto fed = parser.feed(pending);
      fuzz::require(fed.consumed <= pending.size() && fed.body <= fed.consumed,
                    "no more is used than was fed");
      if (fed.failure) {
        const auto status = fed.failure->status;
        fuzz::require(status == 400 || status == 414 || status == 431 || status == 501 || status == 505,
                      "a failure has one of the statuses of its declaration");
        fuzz::require(!fed.failure->message.empty(), "a failure has a message");
        return seen;
      }
      body.append(pending.data(), fed.body);
      pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(fed.consumed));
      if (parser.head_done() && !head_read) {
        head_read = true;
        read_head(parser.head());
      }
      wants_more = pending.empty() || fed.consumed == 0;
    }
    if (const auto length = parser.content_length()) {
      fuzz::require(body.size() == *length, "a body is as long as its Content-Length");
    }
    seen += describe(parser, body);
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  const auto whole = read(bytes, std::max<std::size_t>(size, 1));
  for (const std::size_t piece : {1U, 3U, 50U}) {
    // What is wrong with a head may be found before it has come whole, or then.
    fuzz::require(read(bytes, piece) == whole, "it does not matter where requests are split");
  }
  static_cast<void>(parse_target(bytes));
  static_cast<void>(parse_header_value(bytes));
  return 0;
}
