#include "api/access_endpoints.h"

#include <algorithm>
#include <boost/json.hpp>

namespace adit {

http::Response json_answer(const boost::json::value& body) {
  return http::Response::json(200, boost::json::serialize(body));
}

http::Response secret_answer(const boost::json::value& body) {
  auto response = json_answer(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

std::string read_name(FieldReader& reader, const std::vector<FieldError>& errors,
                      const std::optional<std::string>& absent) {
  constexpr std::size_t kBytesMax = 255;
  const auto wrong_before = errors.size();
  auto name = reader.string("name");
  if (!name && absent) return *absent;
  if (!name) {
    if (errors.size() == wrong_before) reader.fail("name", "is required");
    return {};
  }
  const bool printable = std::ranges::none_of(*name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (name->empty() || name->size() > kBytesMax || !printable) {
    reader.fail("name", "must be 1 to 255 bytes of text without control characters");
  }
  return *std::move(name);
}

std::vector<AccessEndpoint> access_endpoints() {
  std::vector<AccessEndpoint> endpoints;
  add_own_account_endpoints(endpoints);
  add_user_endpoints(endpoints);
  add_application_endpoints(endpoints);
  add_group_endpoints(endpoints);
  add_grant_endpoints(endpoints);
  add_key_endpoints(endpoints);
  add_client_endpoints(endpoints);
  add_consent_endpoints(endpoints);
  return endpoints;
}

void add_access_endpoints(EndpointTable& table) {
  for (auto& endpoint : access_endpoints()) {
    table.add(std::move(endpoint.line),
              [handle = endpoint.handle](const Services& services, const http::Request& request) {
                return handle(services.access(), request);
              });
  }
}

}  // namespace adit
