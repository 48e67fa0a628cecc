// Texts in the one plain form of their type, read without the engine. Everything else is left to it: what
// these functions accept means the same there, to the last bit, and that is tested against it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace adit {

/// `-?(0|[1-9]\d*)` within 64 bits; not `-0`.
std::optional<std::int64_t> plain_integer(std::string_view text);

/// `-?(0|[1-9]\d*)(\.\d+)?` of at most 15 characters, which a double holds exactly enough to give them back.
std::optional<double> plain_float(std::string_view text);

/// Whether a number's text is the only one for its value: with a point and the digits that a double is
/// printed with. What is printed with an exponent is not meant, nor `-0.0`, which equals `0.0`.
bool is_printed_float(std::string_view number);

/// `true` or `false` in any case.
std::optional<bool> plain_boolean(std::string_view text);
/// In lower case.
bool is_printed_boolean(std::string_view text);

/// `yyyy-mm-dd`, the years 1 to 9999: days since 1970-01-01.
std::optional<std::int32_t> plain_date(std::string_view text);

/// A plain date, then `T` or a blank, `hh:mm:ss`, up to six digits of a fraction, and nothing, `Z` or an
/// offset `±hh:mm`; or a plain date alone, its midnight: microseconds since 1970-01-01, UTC.
std::optional<std::int64_t> plain_moment(std::string_view text);

}  // namespace adit
