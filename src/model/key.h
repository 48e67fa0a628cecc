// A credential: `base64(<uuid>:<44 base64 characters>)`, of which only a digest is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/digest.h"
#include "model/ids.h"

namespace adit {

/// A user key goes with `Bearer`, an application key with `AppKey`; the other way round is refused.
enum class KeyKind { kUser, kApplication };
std::string_view to_string(KeyKind kind);
std::optional<KeyKind> parse_key_kind(std::string_view word);

struct Key {
  KeyId id;
  TeamId team;
  UserId owner;  ///< the user whose key it is, or who made the application key
  KeyKind kind = KeyKind::kUser;
  std::string name;
  Sha256Digest secret_digest{};  ///< SHA-256 of the 44 characters
  Timestamp created{};
  std::optional<Timestamp> last_used{};
};

}  // namespace adit
