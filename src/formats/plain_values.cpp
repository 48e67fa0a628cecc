#include "formats/plain_values.h"

#include <charconv>
#include <chrono>

namespace adit {
namespace {

constexpr std::size_t kFloatCharactersMax = 15;
constexpr std::size_t kDateCharacters = 10;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr int kFractionDigitsMax = 6;
constexpr int kOffsetHoursMax = 14;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number that stands in `count` digits at `at`; nullopt unless they are digits.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// Two digits below `limit` behind the character `before`.
std::optional<int> part(std::string_view text, std::size_t at, char before, int limit) {
  if (at >= text.size() || text[at] != before) return std::nullopt;
  const auto value = digits(text, at + 1, 2);
  return value && *value < limit ? value : std::nullopt;
}

/// Microseconds of a fraction's digits at the front of `text`, which loses them.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  std::int64_t value = 0;
  int count = 0;
  while (!text.empty() && is_digit(text.front())) {
    if (++count > kFractionDigitsMax) return std::nullopt;
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (count == 0) return std::nullopt;
  for (; count < kFractionDigitsMax; ++count) value *= 10;
  return value;
}

/// What is behind the time of day: nothing, `Z` or an offset. In seconds.
std::optional<std::int64_t> zone(std::string_view text) {
  if (text.empty() || text == "Z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = part(text, 3, ':', 60);
  if (!hours || *hours > kOffsetHoursMax || !minutes) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::optional<std::int64_t> plain_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto first = text.substr(negative ? 1 : 0, 2);
  if (first.empty() || !is_digit(first[0]) || (first[0] == '0' && (negative || first.size() > 1)))
    return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> plain_float(std::string_view text) {
  if (text.size() > kFloatCharactersMax) return std::nullopt;
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto whole = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at == whole || (at > whole + 1 && text[whole] == '0')) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != '.') return std::nullopt;
    const auto fraction = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == fraction || at < text.size()) return std::nullopt;
  }
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_printed_float(std::string_view number) {
  const auto point = number.find('.');
  if (point == std::string_view::npos || number.find_first_of("eE") != std::string_view::npos) return false;
  // Below it the exponent is shorter.
  const bool tiny = number.substr(number.starts_with('-') ? 1 : 0).starts_with("0.0000");
  const bool zero_behind = number.back() == '0' && number.size() > point + 2;
  return !tiny && !zero_behind && number != "-0.0";
}

std::optional<bool> plain_boolean(std::string_view text) {
  const auto equals = [&](std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < lower.size(); ++i) {
      if (text[i] != lower[i] && text[i] != lower[i] - 'a' + 'A') return false;
    }
    return true;
  };
  if (equals("true")) return true;
  if (equals("false")) return false;
  return std::nullopt;
}

bool is_printed_boolean(std::string_view text) { return text == "true" || text == "false"; }

std::optional<std::int32_t> plain_date(std::string_view text) {
  if (text.size() != kDateCharacters || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || *year == 0 || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return static_cast<std::int32_t>(std::chrono::sys_days{date}.time_since_epoch().count());
}

std::optional<std::int64_t> plain_moment(std::string_view text) {
  constexpr std::int64_t kSecondsPerDay = 86'400;
  const auto days = plain_date(text.substr(0, kDateCharacters));
  if (!days) return std::nullopt;
  std::int64_t seconds = *days * kSecondsPerDay;
  text.remove_prefix(kDateCharacters);
  if (text.empty()) return seconds * kMicrosPerSecond;
  if (text.front() != ' ' && text.front() != 'T') return std::nullopt;
  const auto hour = digits(text, 1, 2);
  const auto minute = part(text, 3, ':', 60);
  const auto second = part(text, 6, ':', 60);
  if (!hour || *hour > 23 || !minute || !second) return std::nullopt;
  seconds += *hour * 3600 + *minute * 60 + *second;
  text.remove_prefix(9);
  std::int64_t micros = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    micros = *fraction;
  }
  const auto offset = zone(text);
  if (!offset) return std::nullopt;
  return (seconds - *offset) * kMicrosPerSecond + micros;
}

}  // namespace adit
