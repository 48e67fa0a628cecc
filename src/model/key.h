// A credential: `base64(<uuid>:<44 base64 characters>)`, of which only a digest is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "model/ids.h"
#include "model/team.h"

namespace adit {

/// A user key goes with `Bearer`, an application key with `AppKey`; the other way round is refused.
enum class KeyKind { kUser, kApplication };
std::string_view to_string(KeyKind kind);
std::optional<KeyKind> parse_key_kind(std::string_view word);

/// What a credential opens less than its owner may.
struct KeyLimits {
  std::optional<ScopeSet> scopes{};            ///< absent: every API
  std::optional<std::vector<PoolId>> pools{};  ///< absent: all pools, and what belongs to none
};

struct Key {
  KeyId id;
  TeamId team;
  Subject owner;   ///< a user or an application, whose permissions the key has
  UserId creator;  ///< the user who made it
  std::string name;
  Sha256Digest secret_digest{};  ///< SHA-256 of the 44 characters
  Timestamp created{};
  std::optional<Timestamp> last_used{};
  std::optional<Timestamp> expires{};  ///< from then on it is refused
  KeyLimits limits{};
  std::optional<KeyId> replaced_by{};  ///< by a rotation, which also set `expires`

  KeyKind kind() const {
    return owner.kind == SubjectKind::kApplication ? KeyKind::kApplication : KeyKind::kUser;
  }
};

}  // namespace adit
