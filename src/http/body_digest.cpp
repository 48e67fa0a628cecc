#include "http/body_digest.h"

#include <algorithm>
#include <span>
#include <utility>

#include "http/header_value.h"

namespace adit::http {
namespace {

constexpr std::string_view kSha256 = "sha-256";

Error malformed(std::string_view field) {
  return invalid_field(std::string(field),
                       "must be a list of algorithms with their digests in base64, such as "
                       "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
}

/// Where the member that `text` starts with ends: at a comma outside of quotes.
std::size_t member_end(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ',' && !quoted) {
      return i;
    }
  }
  return text.size();
}

/// The digest of `algorithm` in a dictionary of byte sequences (RFC 8941 §3.2); the last one counts. Nothing
/// if only other algorithms are there.
Result<std::optional<std::string>> find_digest(std::string_view field, std::string_view text,
                                               std::string_view algorithm) {
  std::optional<std::string> found;
  for (bool more = true; more;) {
    const auto end = member_end(text);
    const auto member = trimmed(text.substr(0, end));
    more = end < text.size();
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = member.find('=');
    if (equals == 0 || equals == std::string_view::npos) return malformed(field);
    auto value = member.substr(equals + 1);
    if (!value.starts_with(':')) return malformed(field);
    value.remove_prefix(1);
    const auto close = value.find(':');
    if (close == std::string_view::npos) return malformed(field);
    const auto rest = trimmed(value.substr(close + 1));
    if (!rest.empty() && !rest.starts_with(';')) return malformed(field);
    auto bytes = from_base64(value.substr(0, close));
    if (!bytes) return malformed(field);
    if (member.substr(0, equals) == algorithm) found = std::move(bytes);
  }
  return found;
}

std::string_view view(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Error disagrees(const std::string& field, std::string_view computed) {
  return invalid_field(field, "does not agree with the bytes that arrived; their digest is " +
                                  to_base64(computed) + ". Nothing was kept: send them again.");
}

}  // namespace

Result<std::optional<BodyDigest>> BodyDigest::expected_by(const Headers& headers) {
  BodyDigest digest;
  for (const std::string field : {"Content-Digest", "Repr-Digest"}) {
    if (!headers.find(field)) continue;
    ADIT_TRY(auto bytes, find_digest(field, headers.joined(field), kSha256));
    if (!bytes) return invalid_field(field, "names no algorithm that is understood here; use sha-256");
    if (bytes->size() != Sha256Digest().size())
      return invalid_field(field, "must hold the 32 bytes of a SHA-256");
    digest.sha256_expected_.push_back({field, *std::move(bytes)});
    if (!digest.sha256_) digest.sha256_.emplace();
  }
  if (const auto text = headers.find("Content-MD5")) {
    auto bytes = from_base64(trimmed(*text));
    if (!bytes || bytes->size() != Md5Digest().size()) {
      return invalid_field("Content-MD5", "must be the base64 of an MD5's 16 bytes");
    }
    digest.md5_expected_ = Expectation{"Content-MD5", *std::move(bytes)};
    digest.md5_.emplace();
  }
  if (!digest.sha256_ && !digest.md5_) return std::optional<BodyDigest>();
  return std::optional(std::move(digest));
}

void BodyDigest::update(std::string_view bytes) {
  if (sha256_) sha256_->update(bytes);
  if (md5_) md5_->update(bytes);
}

Result<void> BodyDigest::verify() && {
  if (sha256_) {
    const auto computed = std::move(*sha256_).finish();
    for (const auto& expected : sha256_expected_) {
      if (expected.bytes != view(computed)) return disagrees(expected.field, view(computed));
    }
  }
  if (md5_) {
    const auto computed = std::move(*md5_).finish();
    if (md5_expected_->bytes != view(computed)) return disagrees(md5_expected_->field, view(computed));
  }
  return {};
}

}  // namespace adit::http
