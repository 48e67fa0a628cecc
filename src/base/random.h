// The kernel's random source.
#pragma once

#include <cstdint>
#include <span>

namespace adit {

/// Fills `bytes` with cryptographically strong random data. Throws std::system_error if there is none.
void fill_random(std::span<std::uint8_t> bytes);

}  // namespace adit
