// AccessTokens: the access tokens of OAuth, looked up.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>

#include "access/change_watch.h"
#include "access/holders.h"
#include "access/principal.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "catalog/catalog.h"

namespace adit {

/// Remembers tokens as Authenticator remembers keys: what takes one away raises the catalog's access version,
/// and is noticed as soon. Thread-safe.
class AccessTokens {
 public:
  AccessTokens(Catalog& catalog, const Clock& clock, ChangeWatch& watch, Holders& holders)
      : catalog_(catalog), clock_(clock), watch_(watch), holders_(holders) {}

  /// Whether a text is an access token by its form; a user's key is of another one.
  static bool is_one(std::string_view text);
  Result<Principal> authenticate(std::string_view text);
  /// Of a principal that came by a token, as it is now. That the token expired meanwhile does not count: a
  /// request may take longer than the token that it began with holds.
  Result<Principal> ask_again(const Principal& principal);

 private:
  using Token = std::shared_ptr<const OauthToken>;
  struct Remembered {
    Token token;
    std::uint64_t version = 0;
  };
  struct HashDigest {
    std::size_t operator()(const Sha256Digest& digest) const noexcept;
  };

  Result<Token> find(const Sha256Digest& digest);
  Result<Principal> principal_of(const Token& token) const;

  Catalog& catalog_;
  const Clock& clock_;
  ChangeWatch& watch_;
  Holders& holders_;
  Guarded<std::unordered_map<Sha256Digest, Remembered, HashDigest>> remembered_;
};

}  // namespace adit
