// Keys: made, imported, rotated, and taken apart again.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "model/key.h"

namespace adit {

/// A key that was just made: what the catalog keeps, and the text that is shown once.
struct IssuedKey {
  Key key;
  std::string text;  ///< base64 of `<uuid>:<44 base64 characters>`
};

/// What whoever asks for a key decides.
struct KeyRequest {
  TeamId team;
  Subject owner;
  UserId creator;
  std::string name;
  std::optional<Timestamp> expires{};
  KeyLimits limits{};
};

/// Makes a key from 256 random bits. Keeps nothing.
IssuedKey issue_key(KeyRequest request, Timestamp now);

/// The same for a key that was given out elsewhere, so that a client moves over without any change but the
/// URL. kInvalid when `text` is not base64 of `<uuid>:<44 base64 characters>`.
Result<Key> import_key(KeyRequest request, std::string_view text, Timestamp now);

/// A key in place of another: same owner, name and restrictions, and as long a life, from now. `old` gets its
/// end, after `overlap`, and by what it is replaced. kConflict: it has been replaced, or is over. Keeps
/// nothing.
Result<IssuedKey> rotate_key(Key& old, UserId creator, std::chrono::seconds overlap, Timestamp now);

/// Id and secret of a key's text; nothing for any other text.
std::optional<std::pair<KeyId, std::string>> split_key(std::string_view text);

}  // namespace adit
