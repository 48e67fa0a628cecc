#include "http/header_value.h"

#include <algorithm>

namespace adit::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_space(char c) { return c == ' ' || c == '\t'; }

/// Reads from after the opening quote to after the closing one.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string value;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    const bool escapes =
        rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\');
    if (escapes) ++i;
    value.push_back(rest[i]);
  }
  return std::nullopt;
}

std::string_view take_until(std::string_view& rest, std::string_view stops) {
  const auto end = std::min(rest.find_first_of(stops), rest.size());
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(end);
  return taken;
}

void skip_spaces(std::string_view& rest) {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

std::string_view trimmed(std::string_view text) {
  skip_spaces(text);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::string> HeaderValue::parameter(std::string_view name) const {
  for (const auto& [key, text] : parameters) {
    if (key == name) return text;
  }
  return std::nullopt;
}

std::optional<HeaderValue> parse_header_value(std::string_view text) {
  HeaderValue result;
  result.value = to_lower(trimmed(take_until(text, ";")));
  while (!text.empty()) {
    text.remove_prefix(1);
    skip_spaces(text);
    if (text.empty() || text.front() == ';') continue;
    auto name = to_lower(trimmed(take_until(text, "=;")));
    if (name.empty()) return std::nullopt;
    std::string value;
    if (!text.empty() && text.front() == '=') {
      text.remove_prefix(1);
      skip_spaces(text);
      if (!text.empty() && text.front() == '"') {
        text.remove_prefix(1);
        auto quoted = take_quoted(text);
        if (!quoted) return std::nullopt;
        value = *std::move(quoted);
        if (!trimmed(take_until(text, ";")).empty()) return std::nullopt;
      } else {
        value = trimmed(take_until(text, ";"));
      }
    }
    result.parameters.emplace_back(std::move(name), std::move(value));
  }
  return result;
}

}  // namespace adit::http
