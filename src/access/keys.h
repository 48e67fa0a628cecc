// Keys: made, imported into a header, and checked.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "access/principal.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "catalog/catalog.h"

namespace adit {

/// A key that was just made: what the catalog keeps, and the text that is shown once.
struct IssuedKey {
  Key key;
  std::string text;  ///< base64 of `<uuid>:<44 base64 characters>`
};

/// Makes a key from 256 random bits. Keeps nothing.
IssuedKey issue_key(TeamId team, UserId owner, KeyKind kind, std::string name, Timestamp now);

/// The same for a key that was given out elsewhere, so that a client moves over without any change but the
/// URL. kInvalid when `text` is not base64 of `<uuid>:<44 base64 characters>`.
Result<Key> import_key(TeamId team, UserId owner, KeyKind kind, std::string name, std::string_view text,
                       Timestamp now);

/// Checks the credentials of requests against the catalog. Thread-safe.
/// A key is remembered for `kRemembered`, so that most requests cost one SHA-256; a key deleted through
/// another process stops working after that time, one deleted through forget() at once.
class Authenticator {
 public:
  static constexpr std::chrono::milliseconds kRemembered{1000};
  /// `last_used` is written to the catalog this often at most.
  static constexpr std::chrono::milliseconds kTouchInterval{60'000};

  Authenticator(Catalog& catalog, const Clock& clock) : catalog_(catalog), clock_(clock) {}

  /// `authorization` is the header's value. kUnauthorized says which part of it does not hold, without
  /// telling whether a key of that id exists.
  Result<Principal> authenticate(std::string_view authorization);
  void forget(KeyId key);

 private:
  struct Remembered {
    Key key;
    Timestamp read{};
    Timestamp touched{};
  };

  Result<Key> find(KeyId id);

  Catalog& catalog_;
  const Clock& clock_;
  Guarded<std::unordered_map<KeyId, Remembered>> remembered_;
};

}  // namespace adit
