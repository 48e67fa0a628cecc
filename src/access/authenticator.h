// Authenticator: makes a Principal of a credential.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "access/access_tokens.h"
#include "access/change_watch.h"
#include "access/holders.h"
#include "access/principal.h"
#include "access/team_host.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "catalog/catalog.h"

namespace adit {

/// Whether an Authorization header's scheme is Bearer, so that RFC 6750 says what a refusal tells.
bool is_bearer(std::string_view authorization);

/// Checks the credentials of requests against the catalog, mostly from memory: then a check costs a SHA-256
/// and two look-ups. What another process takes away (a key, a grant, an application's or a user's right to
/// come in) is noticed within a second; what this process does, after changed(), at once. Thread-safe.
class Authenticator {
 public:
  /// `last_used` is written to the catalog this often at most.
  static constexpr std::chrono::milliseconds kTouchInterval{60'000};

  Authenticator(Catalog& catalog, const Clock& clock)
      : catalog_(catalog),
        clock_(clock),
        watch_(catalog, clock),
        holders_(catalog, watch_),
        tokens_(catalog, clock, watch_, holders_),
        team_hosts_(catalog, watch_) {}

  /// `authorization` is the header's value. kUnauthorized says which part of it does not hold, without
  /// telling whether a key of that id exists.
  Result<Principal> authenticate(std::string_view authorization);
  /// Of a credential that authenticate() refused: whether whoever sent it does not have a key, but may be
  /// looking for one. A key that has expired, or was sent as one of the other kind, is none of that.
  bool is_guess(std::string_view authorization);
  /// The principal of a credential that was checked before, as it is now: for what takes long. kUnauthorized
  /// when the credential does not hold any more.
  Result<Principal> ask_again(const Principal& principal);
  /// To be called after this process changed who may do what, before it says so to anybody.
  void changed();

  Holders& holders() { return holders_; }
  TeamHosts& team_hosts() { return team_hosts_; }

 private:
  struct Remembered {
    std::shared_ptr<const Key> key;
    std::uint64_t version = 0;
    Timestamp touched{};
  };

  Result<std::shared_ptr<const Key>> find(KeyId id);
  void touch(KeyId id);
  Result<Principal> principal_of(const std::shared_ptr<const Key>& key);

  Catalog& catalog_;
  const Clock& clock_;
  ChangeWatch watch_;
  Holders holders_;
  AccessTokens tokens_;
  TeamHosts team_hosts_;
  Guarded<std::unordered_map<KeyId, Remembered>> remembered_;
};

}  // namespace adit
