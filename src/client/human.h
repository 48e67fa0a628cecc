// Numbers as a person reads them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace adit::client {

/// In units of 1000, with three significant digits at least: `999 B`, `1.23 MB`, `48.0 GB`.
std::string human_bytes(double bytes);
/// human_bytes per second, or `-` where no time has passed.
std::string human_rate(double bytes, std::chrono::duration<double> time);
/// `0.42 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`.
std::string human_time(std::chrono::duration<double> time);
/// With a comma between groups of three digits: `1,234,567`.
std::string human_count(std::uint64_t count);

/// Columns that UTF-8 text takes on a terminal: 0 for combining marks and controls, 2 for wide East Asian
/// characters and emoji, 1 for all else. Bytes that are not UTF-8 count as one each.
std::size_t display_width(std::string_view text);
/// The longest start of `text` that takes at most `width` columns; a cut is shown by `…` as the last.
std::string cut_to_width(std::string_view text, std::size_t width);

}  // namespace adit::client
