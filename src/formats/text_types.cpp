#include "formats/text_types.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include "formats/plain_values.h"

namespace adit {
namespace {

constexpr std::size_t kExponentDigitsMax = 3;
/// -2.2250738585072014e-308
constexpr std::size_t kDoubleCharactersMax = 32;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads digits off the front; their number.
std::size_t take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// The digits of a number's mantissa without zeros around them.
std::string bare_digits(std::string_view number) {
  std::string digits;
  for (const char c : number.substr(0, number.find_first_of("eE"))) {
    if (is_digit(c) && (c != '0' || !digits.empty())) digits += c;
  }
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

/// Whether the text has the digits that its double is printed with, as few as give it back.
bool has_digits_of_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  std::array<char, kDoubleCharactersMax> shortest{};
  const auto written =
      std::to_chars(shortest.data(), shortest.data() + shortest.size(), value, std::chars_format::scientific);
  return bare_digits(text) == bare_digits({shortest.data(), written.ptr});
}

std::optional<TypeKind> number_kind(std::string_view text) {
  const auto whole_text = text;
  const bool negative = take(text, '-');
  const auto integer_text = text;
  const auto digits = take_digits(text);
  if (digits == 0 || (digits > 1 && integer_text.front() == '0')) return std::nullopt;
  if (text.empty()) {
    std::int64_t value = 0;
    const auto [end, error] =
        std::from_chars(whole_text.data(), whole_text.data() + whole_text.size(), value);
    const bool fits = error == std::errc() && !(negative && value == 0);
    return fits ? std::optional(TypeKind::kInteger) : std::nullopt;
  }
  const bool point = take(text, '.');
  if (point && take_digits(text) == 0) return std::nullopt;
  if (take(text, 'e') || take(text, 'E')) {
    const bool sign = take(text, '-') || take(text, '+');
    if (!point && !sign) return std::nullopt;
    const auto exponent = take_digits(text);
    if (exponent == 0 || exponent > kExponentDigitsMax) return std::nullopt;
  }
  return text.empty() && has_digits_of_double(whole_text) ? std::optional(TypeKind::kFloat) : std::nullopt;
}

bool take_exactly(std::string_view& text, std::size_t count) { return take_digits(text) == count; }

std::optional<TypeKind> moment_kind(std::string_view text) {
  if (!take_exactly(text, 4) || !take(text, '-') || !take_exactly(text, 2) || !take(text, '-') ||
      !take_exactly(text, 2)) {
    return std::nullopt;
  }
  if (text.empty()) return TypeKind::kDate;
  if (!take(text, ' ') && !take(text, 'T')) return std::nullopt;
  if (!take_exactly(text, 2) || !take(text, ':') || !take_exactly(text, 2) || !take(text, ':') ||
      !take_exactly(text, 2)) {
    return std::nullopt;
  }
  if (take(text, '.')) {
    const auto fraction = take_digits(text);
    if (fraction == 0 || fraction > 6) return std::nullopt;
  }
  if (text.empty() || text == "Z") return TypeKind::kDateTime;
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  if (text.substr(0, 2) > "15" || !take_exactly(text, 2)) return std::nullopt;
  if (text.empty()) return TypeKind::kDateTime;
  const bool minutes = take(text, ':') && text < "60" && take_exactly(text, 2) && text.empty();
  return minutes ? std::optional(TypeKind::kDateTime) : std::nullopt;
}

}  // namespace

TypeKind guess_type(std::string_view text, ColumnUse use) {
  const bool key = use == ColumnUse::kKey;
  if (const auto number = number_kind(text)) {
    const bool one_text = *number == TypeKind::kInteger || is_printed_float(text);
    return key && !one_text ? TypeKind::kString : *number;
  }
  if (const auto boolean = plain_boolean(text))
    return key && !is_printed_boolean(text) ? TypeKind::kString : TypeKind::kBoolean;
  return moment_kind(text).value_or(TypeKind::kString);
}

void TypeGuess::add(std::string_view text) {
  const StoredType found{.kind = guess_type(text, use_)};
  const auto strings = use_ == ColumnUse::kKey ? StringWidening::kOfKeys : StringWidening::kAllowed;
  type_ = type_ ? widened(*type_, found, strings) : found;
}

}  // namespace adit
