// Which of the engine's functions a user's SQL may call. A list of what is allowed, not of what is forbidden:
// a function that a newer engine brings is refused until somebody has read what it does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace adit {

/// A function whose result is as large as its arguments `first` to `last` say; they must be literals up to
/// `max`.
struct SizedFunction {
  std::string_view name;
  std::size_t first;
  std::size_t last;
  std::int64_t max;
};

/// Scalar functions, aggregates and built-in macros; `name` in lower case.
bool is_allowed_function(std::string_view name);
/// Functions that may stand in FROM; `name` in lower case.
bool is_allowed_table_function(std::string_view name);
/// Null when the size of the result needs no look at the arguments.
const SizedFunction* find_sized_function(std::string_view name);
/// Built-in macros that put an argument into their text more than once, so that nesting them multiplies.
bool copies_arguments(std::string_view name);
/// Of format() and printf(): widths have at most three digits and none comes from an argument.
bool is_harmless_format(std::string_view format);

}  // namespace adit
