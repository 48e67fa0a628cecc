#include "api/access_fields.h"

#include <string>

#include "api/errors.h"

namespace adit {

namespace json = boost::json;

json::value time_json(const std::optional<Timestamp>& time) {
  return time ? json::value(to_epoch_ms(*time)) : json::value(nullptr);
}

std::optional<ScopeSet> read_scopes(FieldReader& reader) {
  if (reader.array("scopes") == nullptr) return std::nullopt;
  ScopeSet scopes;
  for (const auto& word : reader.strings("scopes")) {
    const auto scope = parse_scope(word);
    if (!scope) reader.fail("scopes", "there is no scope \"" + word.substr(0, 100) + "\"");
    if (scope) scopes.add(*scope);
  }
  return scopes;
}

Result<std::chrono::seconds> read_overlap(const http::Request& request) {
  constexpr std::int64_t kDefault = 86'400;
  constexpr std::int64_t kMax = 30 * 86'400;
  json::object body;
  if (!request.body.empty()) {
    ADIT_TRY(body, parse_json_object(request.body));
  }
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  const auto overlap = reader.integer("overlapSeconds").value_or(kDefault);
  if (overlap < 0 || overlap > kMax) {
    reader.fail("overlapSeconds", "must be from 0 to " + std::to_string(kMax));
  }
  if (!errors.empty()) return invalid_fields(std::move(errors));
  return std::chrono::seconds(overlap);
}

}  // namespace adit
