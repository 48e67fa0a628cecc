#include "access/oauth_tokens.h"

#include <algorithm>

#include "access/oauth_text.h"
#include "base/log.h"

namespace adit {
namespace {

using F = OauthFault;

bool is_digest_of(std::string_view text, const std::optional<Sha256Digest>& digest) {
  if (!digest) return false;
  const auto own = sha256(text);
  const auto bytes = [](const Sha256Digest& of) {
    return std::string_view(reinterpret_cast<const char*>(of.data()), of.size());
  };
  return equal_in_constant_time(bytes(own), bytes(*digest));
}

OauthError unknown_client() {
  return {F::kInvalidClient, "The client is not known here, is disabled, or its secret is another one."};
}

OauthError invalid_grant(std::string text) { return {F::kInvalidGrant, std::move(text)}; }

OauthError no_scope_left() { return {F::kInvalidScope, "The client may not have these scopes any more."}; }

OauthToken token_of(const OauthClient& client, TokenKind kind, ScopeSet scopes, Timestamp now) {
  OauthToken token;
  token.kind = kind;
  token.team = client.team;
  token.client = client.id;
  token.limits.scopes = scopes;
  token.created = now;
  token.expires = now + (kind == TokenKind::kAccess ? OauthTimes::kAccessToken : OauthTimes::kRefreshToken);
  return token;
}

}  // namespace

OauthResult<ScopeSet> scopes_asked(const OauthClient& client, const std::optional<std::string>& words) {
  if (!words) return client.scopes;
  const auto scopes = parse_scopes(*words);
  if (!scopes) return OauthError(F::kInvalidScope, scopes.error().public_message);
  if (scopes->empty()) return client.scopes;
  if ((*scopes & client.scopes) == *scopes) return *scopes;
  return OauthError(F::kInvalidScope,
                    "The client may have these scopes only: " + scope_words(client.scopes) + ".");
}

std::string regenerate_secret(OauthClient& client, std::chrono::seconds overlap, Timestamp now) {
  auto text = make_secret(SecretKind::kClientSecret);
  client.old_secret.reset();
  client.old_secret_ends.reset();
  if (client.secret && overlap.count() > 0) {
    client.old_secret = client.secret;
    client.old_secret_ends = now + overlap;
  }
  client.secret = sha256(text);
  return text;
}

OauthResult<OauthClient> OauthTokens::authenticate(const ClientCredentials& credentials) {
  const auto id = ClientId::parse(credentials.id);
  if (!id) return unknown_client();
  ADIT_TRY(auto found, catalog_.find_client(*id));
  if (!found || !found->active) return unknown_client();
  ADIT_TRY(const auto application, catalog_.find_application(found->team, found->application));
  if (!application || !application->active) return unknown_client();
  auto& client = *found;
  if (!client.confidential) {
    if (!credentials.secret) return std::move(client);
    return OauthError(F::kInvalidClient, "This is a public client: it has no secret. Leave the secret out.");
  }
  if (!credentials.secret) {
    return OauthError(
        F::kInvalidClient,
        "The client's secret is missing. Send it by HTTP Basic or as client_secret in the form.");
  }
  const bool old_holds = client.old_secret_ends && *client.old_secret_ends > clock_.now();
  const bool is_new = is_digest_of(*credentials.secret, client.secret);
  const bool is_old = is_digest_of(*credentials.secret, client.old_secret);
  if (is_new || (is_old && old_holds)) return std::move(client);
  return unknown_client();
}

OauthResult<IssuedTokens> OauthTokens::issue(const OauthClient& client, const TokenRequest& request) {
  if (!request.grant_type || request.grant_type->empty()) {
    return OauthError(F::kInvalidRequest, "The parameter grant_type is missing.");
  }
  const auto type = parse_grant_type(*request.grant_type);
  if (!type) {
    return OauthError(F::kUnsupportedGrantType,
                      "grant_type may be client_credentials, authorization_code or refresh_token.");
  }
  if (!client.grant_types.has(*type)) {
    return OauthError(F::kUnauthorizedClient,
                      "The client may not use the grant type " + std::string(to_string(*type)) + ".");
  }
  switch (*type) {
    case GrantType::kClientCredentials:
      return issue_to_client(client, request);
    case GrantType::kAuthorizationCode:
      return exchange_code(client, request);
    case GrantType::kRefreshToken:
      return refresh(client, request);
  }
  std::unreachable();
}

OauthResult<IssuedTokens> OauthTokens::issue_to_client(const OauthClient& client,
                                                       const TokenRequest& request) {
  if (!client.confidential) {
    return OauthError(F::kUnauthorizedClient, "A public client can't act for itself.");
  }
  ADIT_TRY(const auto scopes, scopes_asked(client, request.scope));
  auto text = make_secret(SecretKind::kAccessToken);
  auto token = token_of(client, TokenKind::kAccess, scopes, clock_.now());
  token.digest = sha256(text);
  if (const auto kept = catalog_.insert_token(token); !kept) return kept.error();
  return IssuedTokens{std::move(text), std::nullopt, scopes};
}

OauthResult<OauthToken> OauthTokens::find(const OauthClient& client, const std::string& text,
                                          TokenKind kind) {
  const auto what = std::string(kind == TokenKind::kCode ? "code" : "refresh token");
  ADIT_TRY(const auto found, catalog_.find_token(sha256(text)));
  if (!found || found->kind != kind || found->client != client.id || !found->consent || !found->user) {
    return invalid_grant("The " + what + " is not known, was revoked, or was given to another client.");
  }
  if (found->spent) {
    // Two know it, and one of them should not: nobody keeps what came of it (RFC 9700 §4.14.2).
    ADIT_TRY(const bool first, catalog_.exchange_token(*found, {}));
    log::warning("a spent token of OAuth came again: its consent is revoked",
                 {{"client", client.id}, {"consent", *found->consent}, {"first", first}});
    return invalid_grant("The " + what + " was used before. Everything that came of it is revoked.");
  }
  if (found->expires <= clock_.now()) return invalid_grant("The " + what + " expired.");
  ADIT_TRY(const auto user, catalog_.find_user(*found->user));
  if (!user || !user->active) return invalid_grant("The user who allowed this is disabled.");
  return *found;
}

OauthResult<IssuedTokens> OauthTokens::exchange_code(const OauthClient& client, const TokenRequest& request) {
  if (!request.code) return OauthError(F::kInvalidRequest, "The parameter code is missing.");
  ADIT_TRY(const auto code, find(client, *request.code, TokenKind::kCode));
  if (!request.redirect_uri) return OauthError(F::kInvalidRequest, "The parameter redirect_uri is missing.");
  if (*request.redirect_uri != code.redirect_uri) {
    return invalid_grant("The redirect_uri is another one than the code was sent to.");
  }
  if (code.challenge.empty() && request.code_verifier) {
    return invalid_grant("There is a code_verifier, but the code was asked for without a code_challenge.");
  }
  if (!code.challenge.empty() && !request.code_verifier) {
    return OauthError(F::kInvalidRequest, "The parameter code_verifier is missing.");
  }
  if (!code.challenge.empty() && !verifies(*request.code_verifier, code.challenge)) {
    return invalid_grant("The code_verifier does not belong to the code_challenge.");
  }
  if (code.limits.scopes->empty()) return no_scope_left();
  return exchange(client, code, *code.limits.scopes);
}

OauthResult<IssuedTokens> OauthTokens::refresh(const OauthClient& client, const TokenRequest& request) {
  if (!request.refresh_token) {
    return OauthError(F::kInvalidRequest, "The parameter refresh_token is missing.");
  }
  ADIT_TRY(const auto token, find(client, *request.refresh_token, TokenKind::kRefresh));
  auto scopes = *token.limits.scopes;
  if (scopes.empty()) return no_scope_left();
  if (request.scope) {
    const auto asked = parse_scopes(*request.scope);
    if (!asked) return OauthError(F::kInvalidScope, asked.error().public_message);
    if ((*asked & scopes) != *asked) {
      return OauthError(F::kInvalidScope, "The user allowed these scopes only: " + scope_words(scopes) + ".");
    }
    if (!asked->empty()) scopes = *asked;
  }
  return exchange(client, token, scopes);
}

OauthResult<IssuedTokens> OauthTokens::exchange(const OauthClient& client, const OauthToken& spent,
                                                ScopeSet scopes) {
  const auto now = clock_.now();
  IssuedTokens issued{make_secret(SecretKind::kAccessToken), std::nullopt, scopes};
  const auto of_consent = [&](TokenKind kind, ScopeSet with, const std::string& text) {
    auto token = token_of(client, kind, with, now);
    token.consent = spent.consent;
    token.user = spent.user;
    token.expires = std::min(token.expires, spent.consent_expires);
    token.digest = sha256(text);
    return token;
  };
  std::vector<OauthToken> given{of_consent(TokenKind::kAccess, scopes, issued.access_token)};
  if (client.grant_types.has(GrantType::kRefreshToken)) {
    issued.refresh_token = make_secret(SecretKind::kRefreshToken);
    given.push_back(of_consent(TokenKind::kRefresh, *spent.limits.scopes, *issued.refresh_token));
  }
  ADIT_TRY(const bool exchanged, catalog_.exchange_token(spent, given));
  if (exchanged) return issued;
  return invalid_grant("It was used before. Everything that came of it is revoked.");
}

OauthResult<bool> OauthTokens::revoke(const OauthClient& client, const std::string& token) {
  ADIT_TRY(const auto found, catalog_.find_token(sha256(token)));
  if (!found || found->client != client.id) return false;
  if (const auto deleted = catalog_.delete_token(*found); !deleted) return deleted.error();
  return true;
}

}  // namespace adit
