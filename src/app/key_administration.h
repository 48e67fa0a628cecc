// KeyAdministration: what `adit key` needs, over HTTP or on the folder of a stopped server.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/http_client.h"
#include "model/key.h"

namespace adit {

struct CreatedKey {
  KeyId id;
  std::string key;  ///< the credential itself; exists nowhere else
};

class KeyAdministration {
 public:
  virtual ~KeyAdministration() = default;
  virtual Result<CreatedKey> create(const std::string& name, KeyKind kind) = 0;
  /// Makes a key known that was given out elsewhere. kInvalid for a text of another form, kConflict when its
  /// id is known already.
  virtual Result<KeyId> import(const std::string& name, KeyKind kind, const std::string& key) = 0;
  /// In the order of their creation. Key::secret_digest, team and owner may be unset.
  virtual Result<std::vector<Key>> list() = 0;
  /// kNotFound when there is no such key.
  virtual Result<void> remove(const KeyId& id) = 0;
};

/// Over a running server; keys belong to the caller's team.
std::unique_ptr<KeyAdministration> http_key_administration(client::HttpClient http);

/// On a data folder, under its lock, which is held as long as the result lives. kConflict when a server runs
/// on it.
Result<std::unique_ptr<KeyAdministration>> open_offline_key_administration(const std::filesystem::path& data);

}  // namespace adit
