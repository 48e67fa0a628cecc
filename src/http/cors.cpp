#include "http/cors.h"

#include <algorithm>

namespace adit::http {
namespace {

constexpr std::string_view kExposed = "X-Request-Id, Retry-After, Allow, Idempotency-Replayed";
/// For how long a browser may remember the answer to its preflight.
constexpr std::string_view kPreflightSeconds = "600";

/// An answer that says itself who may have it.
bool is_for_own_origin(const Response& response) {
  return std::ranges::any_of(response.headers, [](const auto& field) {
    return field.first == "Cross-Origin-Resource-Policy" && field.second == "same-origin";
  });
}

}  // namespace

bool Cors::allows(std::string_view origin) const {
  return std::ranges::any_of(origins_, [&](const auto& known) { return known == "*" || known == origin; });
}

void Cors::apply(const Request& request, Response& response) const {
  if (origins_.empty()) return;
  response.headers.emplace_back("Vary", "Origin");
  const auto origin = request.headers.find("Origin");
  if (!origin || !allows(*origin) || is_for_own_origin(response)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", std::string(*origin));
  if (request.method != Method::kOptions || !request.headers.find("Access-Control-Request-Method")) {
    response.headers.emplace_back("Access-Control-Expose-Headers", std::string(kExposed));
    return;
  }
  const auto allow =
      std::ranges::find(response.headers, "Allow", [](const auto& field) { return field.first; });
  if (allow == response.headers.end()) return;
  auto methods = allow->second;
  response.headers.emplace_back("Access-Control-Allow-Methods", std::move(methods));
  if (const auto wanted = request.headers.find("Access-Control-Request-Headers")) {
    response.headers.emplace_back("Access-Control-Allow-Headers", std::string(*wanted));
  }
  response.headers.emplace_back("Access-Control-Max-Age", std::string(kPreflightSeconds));
}

}  // namespace adit::http
