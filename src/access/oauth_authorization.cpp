#include "access/oauth_authorization.h"

#include "access/oauth_text.h"
#include "access/oauth_tokens.h"

namespace adit {
namespace {

using F = OauthFault;

Result<void> check_proof(const OauthClient& client, const AuthorizationRequest& request) {
  if (!request.code_challenge) {
    if (request.code_challenge_method) {
      return invalid("There is a code_challenge_method without a code_challenge.");
    }
    if (client.confidential) return {};
    return invalid("A public client must send a code_challenge with code_challenge_method S256 (PKCE).");
  }
  if (request.code_challenge_method != "S256") {
    return invalid(
        "The code_challenge_method must be S256; without one it would be plain, which is refused.");
  }
  if (!is_challenge(*request.code_challenge)) {
    return invalid("The code_challenge is no SHA-256 in base64url: 43 characters without padding.");
  }
  return {};
}

}  // namespace

Result<OauthClient> client_of(Catalog& catalog, const AuthorizationRequest& request) {
  const auto id = ClientId::parse(request.client_id.value_or(""));
  if (!id) return invalid("The link has no client_id, or one that is none.");
  ADIT_TRY(auto client, catalog.find_client(*id));
  if (!client || !client->active) return not_found("The client is not known here, or it is disabled.");
  ADIT_TRY(const auto application, catalog.find_application(client->team, client->application));
  if (!application || !application->active) {
    return not_found("The client is not known here, or it is disabled.");
  }
  if (!request.redirect_uri) return invalid("The link has no redirect_uri.");
  if (!is_redirect_uri_of(*client, *request.redirect_uri)) {
    return invalid(
        "The redirect_uri is not one that was registered for the client. It must be the same to the "
        "letter.");
  }
  return *std::move(client);
}

OauthResult<ScopeSet> check_authorization(const OauthClient& client, const AuthorizationRequest& request) {
  if (!request.response_type)
    return OauthError(F::kInvalidRequest, "The parameter response_type is missing.");
  if (*request.response_type != "code") {
    return OauthError(F::kUnsupportedResponseType, "The response_type must be code.");
  }
  if (!client.grant_types.has(GrantType::kAuthorizationCode)) {
    return OauthError(F::kUnauthorizedClient, "The client may not use the grant type authorization_code.");
  }
  if (const auto proof = check_proof(client, request); !proof) {
    return OauthError(F::kInvalidRequest, proof.error().public_message);
  }
  return scopes_asked(client, request.scope);
}

Result<std::string> allow(Catalog& catalog, const OauthClient& client, const AuthorizationRequest& request,
                          ScopeSet scopes, UserId user, Timestamp now) {
  OauthConsent consent;
  consent.id = ConsentId::random();
  consent.team = client.team;
  consent.client = client.id;
  consent.user = user;
  consent.scopes = scopes;
  consent.created = now;
  consent.expires = now + OauthTimes::kConsent;
  auto text = make_secret(SecretKind::kCode);
  OauthToken code;
  code.digest = sha256(text);
  code.kind = TokenKind::kCode;
  code.team = client.team;
  code.client = client.id;
  code.consent = consent.id;
  code.user = user;
  code.limits.scopes = scopes;
  code.created = now;
  code.expires = now + OauthTimes::kCode;
  code.redirect_uri = request.redirect_uri.value_or("");
  code.challenge = request.code_challenge.value_or("");
  ADIT_CHECK(catalog.insert_consent(consent, code));
  return text;
}

}  // namespace adit
