// OAuth's token and revocation endpoints (RFC 6749 §3.2, RFC 7009).
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "api/oauth_endpoints.h"
#include "api/oauth_form.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;
using F = OauthFault;

struct FormRequest {
  OauthParameters body;
  OauthParameters query;
  OauthClient client;
};

/// The form and the client that sent it.
OauthResult<FormRequest> read_request(const AccessServices& services, const Request& request) {
  FormRequest read;
  auto query = OauthParameters::of_query(request);
  if (!query) return OauthError(F::kInvalidRequest, query.error().public_message);
  read.query = *std::move(query);
  auto body = OauthParameters::of_body(request);
  if (!body) return OauthError(F::kInvalidRequest, body.error().public_message);
  read.body = *std::move(body);
  ADIT_TRY(const bool no_secrets, refuse_secrets_in_query(read.query));
  static_cast<void>(no_secrets);
  ADIT_TRY(const auto credentials, read_client_credentials(request, read.body));
  ADIT_TRY(read.client, OauthTokens(services.catalog, services.clock).authenticate(credentials));
  return read;
}

/// What clients send in the form or in the query. kInvalidRequest when the two differ.
OauthResult<std::optional<std::string>> from_either(const FormRequest& form, std::string_view name) {
  auto in_body = form.body.find(name);
  auto in_query = form.query.find(name);
  if (in_body && in_query && *in_body != *in_query) {
    return OauthError(F::kInvalidRequest,
                      "The parameter " + std::string(name) + " in the URL is another one than in the form.");
  }
  return in_body ? std::move(in_body) : std::move(in_query);
}

OauthResult<IssuedTokens> issue(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto form, read_request(services, request));
  TokenRequest asked;
  ADIT_TRY(asked.grant_type, from_either(form, "grant_type"));
  ADIT_TRY(asked.scope, from_either(form, "scope"));
  asked.code = form.body.find("code");
  asked.redirect_uri = form.body.find("redirect_uri");
  asked.code_verifier = form.body.find("code_verifier");
  asked.refresh_token = form.body.find("refresh_token");
  return OauthTokens(services.catalog, services.clock).issue(form.client, asked);
}

OauthResult<bool> revoke(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto form, read_request(services, request));
  const auto token = form.body.find("token");
  if (!token) return OauthError(F::kInvalidRequest, "The parameter token is missing.");
  return OauthTokens(services.catalog, services.clock).revoke(form.client, *token);
}

/// RFC 6749 §2.3.1: secrets are not to be tried out one after another. As with keys, a good one is taken
/// whatever came before it.
std::optional<Response> slowed(const AccessServices& services, const Request& request,
                               const OauthError& error) {
  if (error.fault != F::kInvalidClient || services.attempts == nullptr) return std::nullopt;
  const auto wait = services.attempts->failed(FailedAttempts::source_of_address(request.peer));
  if (!wait) return std::nullopt;
  auto response = oauth_error_response(
      request,
      {F::kInvalidClient, "Too many clients that do not hold came from your address. Check id and secret."});
  response.status = 429;
  std::erase_if(response.headers, [](const auto& field) { return field.first == "WWW-Authenticate"; });
  response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
  return response;
}

void forbid_storing(Response& response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Pragma", "no-cache");
}

}  // namespace

Result<Response> answer_token_request(const AccessServices& services, const Request& request) {
  const auto issued = issue(services, request);
  if (!issued) {
    // A spent code or refresh token that came again has revoked tokens.
    if (issued.error().fault == F::kInvalidGrant) services.authenticator.changed();
    if (auto response = slowed(services, request, issued.error())) return *std::move(response);
    return oauth_error_response(request, issued.error());
  }
  json::object body{{"access_token", issued->access_token},
                    {"scope", scope_words(issued->scopes)},
                    {"token_type", "Bearer"},
                    {"expires_in", OauthTimes::kAccessToken.count() - 1}};
  if (issued->refresh_token) body["refresh_token"] = *issued->refresh_token;
  auto response = Response::json(200, json::serialize(body));
  forbid_storing(response);
  return response;
}

Result<Response> answer_revocation(const AccessServices& services, const Request& request) {
  const auto revoked = revoke(services, request);
  if (!revoked) {
    if (auto response = slowed(services, request, revoked.error())) return *std::move(response);
    return oauth_error_response(request, revoked.error());
  }
  if (*revoked) services.authenticator.changed();
  auto response = Response::empty(200);
  forbid_storing(response);
  return response;
}

}  // namespace adit
