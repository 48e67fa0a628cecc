// What a fuzz target is made of: one function that takes any bytes, and a way to say that a promise is
// broken.
//
// Each `…_fuzz.cpp` of this folder is one parser's target. Built by the fuzz preset it is a libFuzzer program
// (`make fuzz`); built by any other it is linked with replay.cpp, which feeds it the files of corpus/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace adit::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Removes the first line from `text` and returns it without its end.
inline std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// Ends the process where `holds` is false: the input at hand has broken a promise.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace adit::fuzz
