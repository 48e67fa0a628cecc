// How single values are written as text.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <span>
#include <string>

namespace adit {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

std::string integer_text(Int128 value);
std::string unsigned_text(UInt128 value);
/// `value` is the number times 10^scale.
std::string decimal_text(Int128 value, unsigned scale);
std::string date_text(duckdb_date date);
/// `digits` of the fraction: 3, 6 or 9; `ticks` since midnight in that unit.
std::string time_text(std::int64_t ticks, unsigned digits);
/// `ticks` since 1970 in units of 10^-digits seconds; digits is 0, 3, 6 or 9.
std::string timestamp_text(std::int64_t ticks, unsigned digits);
/// `P1Y2M3DT4H5M6.789S`
std::string interval_text(duckdb_interval interval);
std::string uuid_text(duckdb_hugeint stored);
/// The digits of the engine's BIT: one byte with the number of padding bits, then the bits.
std::string bit_text(std::span<const unsigned char> stored);

}  // namespace adit
