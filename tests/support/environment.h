// What whoever runs a test asks for by variables of the environment: how much of it, and with which seed.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace adit::test {

inline std::uint64_t from_environment(const char* name, std::uint64_t standard) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::stoull(text) : standard;
}

}  // namespace adit::test
