// Where clients find OAuth's endpoints (RFC 8414), and the table of its routes.
#include <boost/json.hpp>
#include <span>

#include "api/oauth_endpoints.h"
#include "api/oauth_form.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

template <class Enum>
json::array words_of(std::span<const Enum> all) {
  json::array words;
  for (const auto member : all) words.emplace_back(to_string(member));
  return words;
}

}  // namespace

Result<Response> describe_issuer(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto issuer, issuer_of(services, request));
  const json::array authentication{"client_secret_basic", "client_secret_post", "none"};
  auto response = json_answer(json::object{{"issuer", issuer},
                                           {"authorization_endpoint", issuer + "/oauth2/authorize"},
                                           {"token_endpoint", issuer + "/oauth2/token"},
                                           {"revocation_endpoint", issuer + "/oauth2/revoke"},
                                           {"response_types_supported", {"code"}},
                                           {"response_modes_supported", {"query"}},
                                           {"grant_types_supported", words_of(all_grant_types())},
                                           {"scopes_supported", words_of(all_scopes())},
                                           {"token_endpoint_auth_methods_supported", authentication},
                                           {"revocation_endpoint_auth_methods_supported", authentication},
                                           {"code_challenge_methods_supported", {"S256"}},
                                           {"authorization_response_iss_parameter_supported", true}});
  // It is made of the request's Host: a cache could give it to a client that knows the server otherwise.
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

void add_oauth_endpoints(EndpointTable& table) {
  const auto add = [&](Line line, Result<Response> (*handle)(const AccessServices&, const Request&)) {
    table.add(std::move(line), [handle](const Services& services, const Request& request) {
      return handle(services.access(), request);
    });
  };
  add({"issueToken", Method::kPost, "/oauth2/token", Needs::kNothing, BodyKind::kBuffer},
      answer_token_request);
  add({"revokeToken", Method::kPost, "/oauth2/revoke", Needs::kNothing, BodyKind::kBuffer},
      answer_revocation);
  add({"authorize", Method::kGet, "/oauth2/authorize", Needs::kNothing}, show_authorization);
  add({"decideAuthorization", Method::kPost, "/oauth2/authorize", Needs::kNothing, BodyKind::kBuffer},
      take_authorization_form);
  for (const std::string path :
       {"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"}) {
    add({"describeIssuer", Method::kGet, path, Needs::kNothing}, describe_issuer);
  }
}

}  // namespace adit
