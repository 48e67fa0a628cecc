// HeaderValue: a header field of the form `value; name=value; name="quoted value"`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::http {

/// ASCII only, as RFC 9110 compares names.
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);
/// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

struct HeaderValue {
  std::string value;                                            ///< in lower case
  std::vector<std::pair<std::string, std::string>> parameters;  ///< names in lower case

  std::optional<std::string> parameter(std::string_view name) const;
};

/// RFC 9110 §5.6.6, as Content-Type and Content-Disposition use it. Nothing if a quote is not closed or a
/// parameter has no name. In quotes a backslash escapes only a quote and a backslash: clients send Windows
/// paths as they are.
std::optional<HeaderValue> parse_header_value(std::string_view text);

}  // namespace adit::http
