// What stands behind OAuth's authorization endpoint (RFC 6749 §4.1.1, RFC 7636, RFC 9700).
#pragma once

#include <optional>
#include <string>

#include "access/oauth_error.h"
#include "base/clock.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "model/oauth.h"

namespace adit {

/// The parameters of an authorization request as they came.
struct AuthorizationRequest {
  std::optional<std::string> response_type{};
  std::optional<std::string> client_id{};
  std::optional<std::string> redirect_uri{};
  std::optional<std::string> scope{};
  std::optional<std::string> code_challenge{};
  std::optional<std::string> code_challenge_method{};
};

/// The client of a request, whose redirect URI is one of the client's. kInvalid and kNotFound are for the
/// user's eyes: nothing may be sent to a URI that nobody registered.
Result<OauthClient> client_of(Catalog& catalog, const AuthorizationRequest& request);

/// The scopes that a request of such a client asks for. An error is sent to the redirect URI.
OauthResult<ScopeSet> check_authorization(const OauthClient& client, const AuthorizationRequest& request);

/// The code that a checked request gets once the user allowed it. Text that is kept nowhere.
Result<std::string> allow(Catalog& catalog, const OauthClient& client, const AuthorizationRequest& request,
                          ScopeSet scopes, UserId user, Timestamp now);

}  // namespace adit
