// How names and values get into SQL text: these two functions and no other.
#pragma once

#include <string>
#include <string_view>

namespace adit {

/// `"name"` with inner quotes doubled. A NUL is passed on: run() refuses SQL that holds one.
std::string quote_identifier(std::string_view name);
/// `'text'` with inner quotes doubled. A NUL is passed on: run() refuses SQL that holds one.
std::string quote_literal(std::string_view text);

}  // namespace adit
