// The texts of OAuth: tokens, secrets, redirect URIs, scopes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/oauth.h"

namespace adit {

/// What a random text is for. Each kind begins with a prefix of its own, none of which is base64 as keys are,
/// so that a text says what it is and a search for leaked secrets finds it.
enum class SecretKind { kAccessToken, kRefreshToken, kCode, kClientSecret, kLogin };

/// The prefix and 256 random bits in base64url.
std::string make_secret(SecretKind kind);
bool is_secret(SecretKind kind, std::string_view text);

/// RFC 4648 §5 without padding.
std::string to_base64url(std::string_view bytes);

/// Whether a code_verifier (RFC 7636 §4.1: 43 to 128 unreserved characters) belongs to an S256 challenge.
bool verifies(std::string_view verifier, std::string_view challenge);
/// Whether the text can be an S256 challenge: 43 characters of base64url.
bool is_challenge(std::string_view text);

/// Whether a client may have this redirect URI: absolute, without a fragment; https, http to a loopback
/// address, or (public clients) a private scheme with a dot in it (RFC 8252 §7.1). Empty: it may.
std::string wrong_with_redirect_uri(std::string_view uri, bool confidential);
/// Whether the URI is one of the client's: exactly; of a public client's loopback addresses, which are
/// literals, the port may be another one (RFC 8252 §7.3).
bool is_redirect_uri_of(const OauthClient& client, std::string_view uri);

/// Scopes with white space between. kInvalid names one that does not exist.
Result<ScopeSet> parse_scopes(std::string_view words);

/// In a query or a form: everything but unreserved characters as %XX.
std::string percent_encode(std::string_view text);

}  // namespace adit
