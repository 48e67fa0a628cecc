#include "warehouse/duckdb/value_text.h"

#include <algorithm>
#include <limits>

namespace adit {
namespace {

std::string padded(std::uint64_t value, unsigned digits) {
  auto text = std::to_string(value);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return text;
}

std::int64_t ticks_per_second(unsigned digits) {
  std::int64_t ticks = 1;
  for (unsigned i = 0; i < digits; ++i) ticks *= 10;
  return ticks;
}

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

/// `amount` followed by `unit`, nothing for zero.
std::string duration_part(std::int64_t amount, char unit) {
  return amount == 0 ? std::string() : std::to_string(amount) + unit;
}

}  // namespace

std::string unsigned_text(UInt128 value) {
  std::string text;
  do {
    text += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  std::ranges::reverse(text);
  return text;
}

std::string integer_text(Int128 value) {
  if (value >= 0) return unsigned_text(static_cast<UInt128>(value));
  return "-" + unsigned_text(UInt128{0} - static_cast<UInt128>(value));
}

std::string decimal_text(Int128 value, unsigned scale) {
  auto text =
      unsigned_text(value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value));
  if (scale > 0) {
    if (text.size() <= scale) text.insert(0, scale + 1 - text.size(), '0');
    text.insert(text.size() - scale, 1, '.');
  }
  return value < 0 ? "-" + text : text;
}

std::string date_text(duckdb_date date) {
  if (!duckdb_is_finite_date(date)) return date.days > 0 ? "infinity" : "-infinity";
  const auto parts = duckdb_from_date(date);
  return std::string(parts.year < 0 ? "-" : "") + padded(magnitude(parts.year), 4) + "-" +
         padded(magnitude(parts.month), 2) + "-" + padded(magnitude(parts.day), 2);
}

std::string time_text(std::int64_t ticks, unsigned digits) {
  const auto per_second = ticks_per_second(digits);
  const auto seconds = magnitude(ticks / per_second);
  const auto fraction = magnitude(ticks % per_second);
  auto text = padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2);
  if (fraction != 0) text += "." + padded(fraction, digits);
  return text;
}

std::string timestamp_text(std::int64_t ticks, unsigned digits) {
  if (ticks == std::numeric_limits<std::int64_t>::max()) return "infinity";
  if (ticks == -std::numeric_limits<std::int64_t>::max()) return "-infinity";
  const auto per_day = ticks_per_second(digits) * 86'400;
  auto days = ticks / per_day;
  auto rest = ticks % per_day;
  if (rest < 0) {
    rest += per_day;
    --days;
  }
  return date_text({static_cast<std::int32_t>(days)}) + "T" + time_text(rest, digits);
}

std::string interval_text(duckdb_interval interval) {
  auto text = "P" + duration_part(interval.months / 12, 'Y') + duration_part(interval.months % 12, 'M') +
              duration_part(interval.days, 'D');
  const auto seconds = interval.micros / 1'000'000;
  const auto fraction = magnitude(interval.micros % 1'000'000);
  auto time = duration_part(seconds / 3600, 'H') + duration_part(seconds / 60 % 60, 'M');
  if (fraction != 0) {
    if (interval.micros < 0) time += '-';
    time += std::to_string(magnitude(seconds % 60)) + "." + padded(fraction, 6) + "S";
  } else {
    time += duration_part(seconds % 60, 'S');
  }
  if (!time.empty()) text += "T" + time;
  return text == "P" ? "PT0S" : text;
}

std::string uuid_text(duckdb_hugeint stored) {
  // The engine flips the highest bit, so that UUIDs sort as numbers do.
  constexpr char kDigits[] = "0123456789abcdef";
  const auto upper = static_cast<std::uint64_t>(stored.upper) ^ (std::uint64_t{1} << 63);
  std::string text;
  for (const auto half : {upper, stored.lower}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[half >> shift & 15];
  }
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

std::string bit_text(std::span<const unsigned char> stored) {
  std::string text;
  if (stored.empty()) return text;
  const std::size_t padding = stored[0];
  for (std::size_t bit = padding; bit < (stored.size() - 1) * 8; ++bit) {
    text += (stored[1 + bit / 8] >> (7 - bit % 8) & 1) != 0 ? '1' : '0';
  }
  return text;
}

}  // namespace adit
