#include "http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cctype>
#include <cstring>
#include <string_view>

#include "http/header_value.h"

namespace adit::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;

/// The fewest bytes of a chunk that begins with `0`: that, CRLF, CRLF, or data. Fewer can wait for more, and
/// have to: the library asserts that it gets no fewer once it has seen that the `0` is a last chunk's.
constexpr std::size_t kLastChunkBytes = 5;

/// True for a version of the right form that is not ours: ` HTTP/2.0` at the end of the request line.
bool names_other_version(std::string_view bytes) {
  const auto line = bytes.substr(0, std::min(bytes.find('\r'), bytes.size()));
  constexpr std::string_view kForm = " HTTP/d.d";
  if (line.size() < kForm.size()) return false;
  const auto version = line.substr(line.size() - kForm.size());
  return version.starts_with(" HTTP/") && std::isdigit(static_cast<unsigned char>(version[6])) &&
         version[7] == '.' && std::isdigit(static_cast<unsigned char>(version[8]));
}

ParseFailure failure_of(const error_code& code, std::string_view bytes, bool line_read) {
  using beast_http::error;
  if (code == error::header_limit) {
    if (!line_read && !bytes.contains('\r')) return {414, "The request's target is too long."};
    return {431, "The request's header fields are too large."};
  }
  if (code == error::bad_version && names_other_version(bytes)) {
    return {505, "This server speaks HTTP/1.1 and HTTP/1.0."};
  }
  if (code == error::bad_content_length || code == error::multiple_content_length ||
      code == error::bad_transfer_encoding) {
    return {400, "Content-Length and Transfer-Encoding are malformed or contradict each other."};
  }
  return {400, "The request is malformed: " + code.message() + "."};
}

}  // namespace

class RequestParser::Impl final : public beast_http::basic_parser<true> {
 public:
  Impl(std::size_t header_bytes_max, std::size_t target_bytes_max)
      : header_bytes_max_(header_bytes_max), target_bytes_max_(target_bytes_max) {
    header_limit(static_cast<std::uint32_t>(header_bytes_max));
    body_limit(boost::none);
  }

  Fed feed(std::span<char> bytes) {
    Fed fed;
    if (!is_header_done()) skip_empty_lines(bytes, fed.consumed);
    if (fed.consumed == bytes.size()) return fed;
    if (is_header_done() && chunked() && bytes.front() == '0' && bytes.size() < kLastChunkBytes) return fed;
    const auto rest = bytes.subspan(fed.consumed);
    body_ = bytes.data();
    eager(is_header_done());
    error_code error;
    fed.consumed += put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    fed.body = static_cast<std::size_t>(body_ - bytes.data());
    if (refusal_.status != 0) {
      fed.failure = refusal_;
    } else if (error && error != beast_http::error::need_more) {
      fed.failure = failure_of(error, {rest.data(), rest.size()}, line_read_);
    } else if (bytes.size() - fed.consumed > header_bytes_max_ && is_header_done() && !is_done() &&
               chunked()) {
      fed.failure = ParseFailure{400, "A chunk's header or the trailer of the body is too long."};
    }
    return fed;
  }

  const RawHead& head() const { return head_; }
  bool started() const { return started_; }

 private:
  /// RFC 9112 §2.2: an empty line in front of a request is ignored.
  void skip_empty_lines(std::span<char> bytes, std::size_t& consumed) {
    if (started_) return;
    while (consumed < bytes.size() && (bytes[consumed] == '\r' || bytes[consumed] == '\n')) ++consumed;
    started_ = consumed < bytes.size();
  }

  void append(boost::beast::string_view piece) {
    std::memmove(body_, piece.data(), piece.size());
    body_ += piece.size();
  }

  /// What RFC 9112 asks for and the library leaves to its user.
  void check_head() {
    std::size_t hosts = 0;
    for (const auto& [name, value] : head_.headers.fields()) {
      if (equal_ignoring_case(name, "Host")) ++hosts;
      if (!equal_ignoring_case(name, "Transfer-Encoding")) continue;
      if (head_.version < 11) {
        refusal_ = {400, "Transfer-Encoding is not part of HTTP/1.0."};
      } else if (!equal_ignoring_case(trimmed(value), "chunked")) {
        refusal_ = {501, "The only Transfer-Encoding understood is chunked."};
      }
      if (refusal_.status != 0) return;
    }
    if (hosts > 1 || (hosts == 0 && head_.version >= 11))
      refusal_ = {400, "The request needs exactly one Host."};
  }

  void on_request_impl(beast_http::verb, boost::beast::string_view method, boost::beast::string_view target,
                       int version, error_code& error) override {
    line_read_ = true;
    head_.method = std::string_view(method.data(), method.size());
    head_.target = std::string_view(target.data(), target.size());
    head_.version = version;
    if (target.size() <= target_bytes_max_) return;
    refusal_ = {414, "The request's target is too long."};
    error = beast_http::error::bad_target;
  }
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
  void on_field_impl(beast_http::field, boost::beast::string_view name, boost::beast::string_view value,
                     error_code&) override {
    if (head_read_) return;  // a trailer's field
    head_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  void on_header_impl(error_code&) override {
    head_read_ = true;
    check_head();
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view piece, error_code&) override {
    append(piece);
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view piece, error_code&) override {
    append(piece);
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  const std::size_t header_bytes_max_;
  const std::size_t target_bytes_max_;
  RawHead head_;
  ParseFailure refusal_{0, {}};
  bool started_ = false;
  bool line_read_ = false;
  bool head_read_ = false;
  char* body_ = nullptr;  ///< where the next body byte goes
};

RequestParser::RequestParser(std::size_t header_bytes_max, std::size_t target_bytes_max)
    : impl_(std::make_unique<Impl>(header_bytes_max, target_bytes_max)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

RequestParser::Fed RequestParser::feed(std::span<char> bytes) { return impl_->feed(bytes); }

bool RequestParser::started() const { return impl_->started(); }
bool RequestParser::head_done() const { return impl_->is_header_done(); }
bool RequestParser::done() const { return impl_->is_done(); }
const RawHead& RequestParser::head() const { return impl_->head(); }
bool RequestParser::keep_alive() const { return impl_->keep_alive(); }

std::optional<std::uint64_t> RequestParser::content_length() const {
  const auto length = impl_->content_length();
  if (length) return *length;
  return std::nullopt;
}

std::optional<std::uint64_t> RequestParser::remaining() const {
  if (impl_->is_done()) return 0;
  const auto length = impl_->content_length_remaining();
  if (length) return *length;
  return std::nullopt;
}

}  // namespace adit::http
