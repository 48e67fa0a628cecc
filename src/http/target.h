// Target: the path and query of a request line, decoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace adit::http {

struct Target {
  std::string path;                                        ///< as sent
  std::vector<std::string> segments;                       ///< decoded; runs of '/' count as one
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
};

enum class PlusSign { kStaysPlus, kIsSpace };

/// RFC 3986 §2.1. kInvalid when an escape is no two hexadecimal digits or a byte is NUL.
Result<std::string> percent_decode(std::string_view text, PlusSign plus);

/// Understands `/path?query`, `http://host/path?query` and `*`. `.` and `..` are names like any other:
/// nothing is resolved, so no path can mean another one. In the query `+` is a space, as forms write it.
Result<Target> parse_target(std::string_view target);

}  // namespace adit::http
