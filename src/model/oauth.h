// What OAuth 2.0 (RFC 6749) adds to keys: clients, what users allow them, and the tokens that come of it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/enum_set.h"
#include "model/ids.h"
#include "model/key.h"
#include "model/permission.h"

namespace adit {

enum class GrantType { kClientCredentials, kAuthorizationCode, kRefreshToken };
using GrantTypeSet = EnumSet<GrantType>;

std::string_view to_string(GrantType type);  ///< client_credentials, authorization_code, refresh_token
std::optional<GrantType> parse_grant_type(std::string_view word);
std::span<const GrantType> all_grant_types();

/// A program that gets tokens. For itself it acts as its application, whose grants it has; for a user who
/// allows it, with what that user may do.
struct OauthClient {
  ClientId id;
  TeamId team;
  ApplicationId application;
  std::string name;         ///< shown to the users who are asked for their consent
  bool confidential{true};  ///< has a secret; a public one runs where nothing can be kept secret
  std::vector<std::string> redirect_uris{};
  GrantTypeSet grant_types{};
  ScopeSet scopes{};  ///< the most that it gets
  UserId creator;
  bool active{true};
  Timestamp created{};
  std::optional<Sha256Digest> secret{};      ///< SHA-256; only of a confidential one
  std::optional<Sha256Digest> old_secret{};  ///< the one before, which holds until `old_secret_ends`
  std::optional<Timestamp> old_secret_ends{};
};

/// That a user let a client act for them: the family of the tokens that came of it.
struct OauthConsent {
  ConsentId id;
  TeamId team;
  ClientId client;
  UserId user;
  ScopeSet scopes{};
  Timestamp created{};
  Timestamp expires{};  ///< no token of it lives longer

  std::string client_name{};  ///< only read
};

enum class TokenKind { kCode, kAccess, kRefresh };
std::string_view to_string(TokenKind kind);  ///< CODE, ACCESS, REFRESH
std::optional<TokenKind> parse_token_kind(std::string_view word);

/// A text of random characters that opens something, of which only the digest is kept.
struct OauthToken {
  Sha256Digest digest{};
  TokenKind kind{TokenKind::kAccess};
  TeamId team;
  ClientId client;
  std::optional<ConsentId> consent{};  ///< absent: the client acts for itself
  std::optional<UserId> user{};        ///< there with `consent`
  KeyLimits limits{};                  ///< `scopes` is always there
  Timestamp created{};
  Timestamp expires{};
  std::string redirect_uri{};  ///< only of a code: where it was sent to
  std::string challenge{};     ///< only of a code: S256 of RFC 7636; empty: there was none

  // Only read.
  ApplicationId application{};
  bool client_active{true};
  bool spent{};                 ///< a code or a refresh token that was exchanged
  Timestamp consent_expires{};  ///< where there is a consent
};

/// A user's session in the browser, kept for the pages that ask for consent and nothing else.
struct Login {
  Sha256Digest digest{};
  TeamId team;
  UserId user;
  Timestamp expires{};
};

}  // namespace adit
