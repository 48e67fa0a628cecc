#include "http/target.h"

#include <algorithm>
#include <optional>

#include "http/header_value.h"

namespace adit::http {
namespace {

std::optional<unsigned> hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// Calls `take` with every piece of `text` between separators that is not empty.
template <class Take>
Result<void> for_each_piece(std::string_view text, char separator, Take take) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) ADIT_CHECK(take(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

/// Removes `http://host` in front of the path, if there.
std::string_view without_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const auto path = target.find_first_of("/?", scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> query;
  ADIT_CHECK(for_each_piece(text, '&', [&](std::string_view pair) -> Result<void> {
    const auto equals = std::min(pair.find('='), pair.size());
    ADIT_TRY(auto name, percent_decode(pair.substr(0, equals), PlusSign::kIsSpace));
    ADIT_TRY(auto value, percent_decode(pair.substr(std::min(equals + 1, pair.size())), PlusSign::kIsSpace));
    query.emplace_back(std::move(name), std::move(value));
    return {};
  }));
  return query;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, PlusSign plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto high = i + 1 < text.size() ? hex_value(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_value(text[i + 2]) : std::nullopt;
      if (!high || !low) return invalid("The URL has a '%' that is not followed by two hexadecimal digits.");
      c = static_cast<char>(*high * 16 + *low);
      i += 2;
    } else if (c == '+' && plus == PlusSign::kIsSpace) {
      c = ' ';
    }
    if (c == '\0') return invalid("The URL has a NUL byte.");
    decoded.push_back(c);
  }
  return decoded;
}

Result<Target> parse_target(std::string_view target) {
  const auto local = without_authority(target);
  Target result;
  if (local == "*") {
    result.path = "*";
    return result;
  }
  const auto question = std::min(local.find('?'), local.size());
  result.path = local.substr(0, question);
  if (result.path.starts_with("?") || result.path.empty()) result.path = "/";
  if (!result.path.starts_with('/'))
    return invalid("The request's target is not a path: it has to start with '/'.");
  if (local.contains('#')) return invalid("The URL has a '#', which a client must not send.");
  ADIT_CHECK(for_each_piece(result.path, '/', [&](std::string_view segment) -> Result<void> {
    ADIT_TRY(auto decoded, percent_decode(segment, PlusSign::kStaysPlus));
    result.segments.push_back(std::move(decoded));
    return {};
  }));
  ADIT_TRY(result.query, parse_query(local.substr(std::min(question + 1, local.size()))));
  return result;
}

}  // namespace adit::http
