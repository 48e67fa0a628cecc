#include "api/query_parameters.h"

#include <charconv>
#include <string>

namespace adit {

Result<std::uint64_t> count_parameter(const http::Request& request, std::string_view name,
                                      std::uint64_t absent) {
  const auto text = request.query_value(name);
  if (!text) return absent;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    return invalid_field(std::string(name), "must be a number from 0 on");
  }
  return value;
}

}  // namespace adit
