// OauthTokens: what stands behind OAuth's token and revocation endpoints (RFC 6749 §4 to §6, RFC 7009).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "access/oauth_error.h"
#include "base/clock.h"
#include "catalog/catalog.h"
#include "model/oauth.h"

namespace adit {

/// How long what is given out lives.
struct OauthTimes {
  static constexpr std::chrono::seconds kCode{60};
  static constexpr std::chrono::seconds kAccessToken{900};
  static constexpr std::chrono::seconds kRefreshToken{30 * 86'400};  ///< unused
  static constexpr std::chrono::seconds kConsent{90 * 86'400};       ///< however often it is refreshed
  static constexpr std::chrono::seconds kLogin{3'600};
};

/// How a client says who it is.
struct ClientCredentials {
  std::string id;
  std::optional<std::string> secret{};
};

/// The parameters of a token request, besides the client's credentials.
struct TokenRequest {
  std::optional<std::string> grant_type{};
  std::optional<std::string> scope{};
  std::optional<std::string> code{};
  std::optional<std::string> redirect_uri{};
  std::optional<std::string> code_verifier{};
  std::optional<std::string> refresh_token{};
};

/// What is shown once.
struct IssuedTokens {
  std::string access_token;
  std::optional<std::string> refresh_token{};
  ScopeSet scopes;
};

/// Thread-safe. Keeps no state of its own: any process may answer any request.
class OauthTokens {
 public:
  OauthTokens(Catalog& catalog, const Clock& clock) : catalog_(catalog), clock_(clock) {}

  /// kInvalidClient for whatever does not hold, without telling whether there is such a client.
  OauthResult<OauthClient> authenticate(const ClientCredentials& credentials);
  OauthResult<IssuedTokens> issue(const OauthClient& client, const TokenRequest& request);
  /// True: something was taken away. A token that is unknown or another client's is not an error (RFC 7009
  /// §2.2).
  OauthResult<bool> revoke(const OauthClient& client, const std::string& token);

 private:
  OauthResult<IssuedTokens> issue_to_client(const OauthClient& client, const TokenRequest& request);
  OauthResult<IssuedTokens> exchange_code(const OauthClient& client, const TokenRequest& request);
  OauthResult<IssuedTokens> refresh(const OauthClient& client, const TokenRequest& request);
  OauthResult<IssuedTokens> exchange(const OauthClient& client, const OauthToken& spent, ScopeSet scopes);
  OauthResult<OauthToken> find(const OauthClient& client, const std::string& text, TokenKind kind);

  Catalog& catalog_;
  const Clock& clock_;
};

/// A secret in place of the client's: the one before holds for `overlap` yet. The new one's text, which is
/// kept nowhere. Changes `client` only.
std::string regenerate_secret(OauthClient& client, std::chrono::seconds overlap, Timestamp now);

/// The scopes that a client gets which asks for `words`; without them all of its own. kInvalidScope: one does
/// not exist or is not the client's.
OauthResult<ScopeSet> scopes_asked(const OauthClient& client, const std::optional<std::string>& words);

}  // namespace adit
