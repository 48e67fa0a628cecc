// Readers of option values: text to value, or a sentence that says what would be right.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace adit {

/// A size in bytes: digits and optionally B, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024),
/// in any case, with or without a space between.
Result<std::uint64_t> parse_size(std::string_view text);
/// The shortest exact form of a size: 1073741824 is `1GiB`, 1500 is `1500`.
std::string size_text(std::uint64_t bytes);

/// A whole number within bounds.
Result<std::uint64_t> parse_count(std::string_view text, std::uint64_t min,
                                  std::uint64_t max = std::numeric_limits<std::int64_t>::max());

/// How long something is kept: days or hours as `400d` or `36h`, at most ten thousand days; 0 and `off` are
/// for ever, and both are 0.
Result<std::chrono::hours> parse_retention(std::string_view text);
/// What parse_retention() reads as this.
std::string retention_text(std::chrono::hours time);

/// HOST:PORT with an IPv6 host in brackets; the port is 0 to 65535. Returns the text unchanged.
Result<std::string> parse_listen(std::string_view text);

/// Parts between commas, without surrounding white space; empty parts are dropped.
std::vector<std::string> split_list(std::string_view text);

/// Reads `scheme://host[:port]` or `*`, with commas between them; an empty text is none.
Result<std::vector<std::string>> parse_origins(std::string_view text);

/// The one of `known` that takes the fewest edits to become `word`; empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

/// Half of what this machine (or this control group) allows to use.
std::uint64_t half_of_memory();

}  // namespace adit
