#include "api/query_parameters.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "model/json_fields.h"
#include "push/target_schema.h"

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

std::optional<Timestamp> parse_time(std::string_view text) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error == std::errc() && end == text.data() + text.size()) return from_epoch_ms(ms);
  return parse_iso8601(text);
}

Result<void> refuse_unknown_parameters(const http::Request& request,
                                       std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string list;
    for (const auto word : known) list += (list.empty() ? "" : ", ") + std::string(word);
    return invalid_field(name, "is no parameter of this route; it has " + list);
  }
  return {};
}

Result<std::optional<DataSource>> schema_parameter(const Services& services, const http::Request& request,
                                                   PoolId pool) {
  auto found = find_target_schema(services.catalog, pool, request.query_value("schemaName").value_or(""));
  if (!found && found.error().kind == ErrorKind::kInvalid)
    return invalid_field("schemaName", found.error().public_message);
  return found;
}

}  // namespace adit
