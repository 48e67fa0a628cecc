#include "http/standing_fields.h"

#include <algorithm>

#include "http/header_value.h"

namespace adit::http {

StandingFields::StandingFields(std::optional<std::chrono::seconds> hsts_age) {
  if (hsts_age) hsts_ = "max-age=" + std::to_string(hsts_age->count());
}

void StandingFields::apply(const Request& request, Response& response) const {
  add_unless_there(response, "Cache-Control", "no-store");
  add_unless_there(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  add_unless_there(response, "Referrer-Policy", "no-referrer");
  add_unless_there(response, "X-Content-Type-Options", "nosniff");
  if (hsts_ && request.secure) add_unless_there(response, "Strict-Transport-Security", *hsts_);
}

void add_unless_there(Response& response, std::string_view name, std::string_view value) {
  const auto is_there = [&](const auto& field) { return equal_ignoring_case(field.first, name); };
  if (std::ranges::any_of(response.headers, is_there)) return;
  response.headers.emplace_back(name, value);
}

}  // namespace adit::http
