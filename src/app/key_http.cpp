// KeyAdministration over a running server.
#include <utility>

#include "app/key_administration.h"
#include "client/adit_api.h"

namespace adit {
namespace {

class HttpKeyAdministration final : public KeyAdministration {
 public:
  explicit HttpKeyAdministration(client::HttpClient http) : api_(std::move(http)) {}

  Result<CreatedKey> create(const std::string& name, KeyKind kind) override {
    ADIT_TRY(const auto view, api_.create_key(name, std::string(to_string(kind))));
    const auto id = KeyId::parse(view.id);
    if (!id || view.key.empty()) return internal("the answer to a new key holds no id or no key");
    return CreatedKey{*id, view.key};
  }

  Result<KeyId> import(const std::string& name, KeyKind kind, const std::string& key) override {
    ADIT_TRY(const auto view, api_.import_key(name, std::string(to_string(kind)), key));
    const auto id = KeyId::parse(view.id);
    if (!id) return internal("the answer to an imported key holds no id");
    return *id;
  }

  Result<std::vector<Key>> list() override {
    ADIT_TRY(const auto views, api_.keys());
    std::vector<Key> keys;
    for (const auto& view : views) {
      const auto id = KeyId::parse(view.id);
      if (!id) continue;
      Key key;
      key.id = *id;
      key.name = view.name;
      key.kind = parse_key_kind(view.kind).value_or(KeyKind::kUser);
      key.created = from_epoch_ms(view.created_ms);
      if (view.last_used_ms) key.last_used = from_epoch_ms(*view.last_used_ms);
      keys.push_back(std::move(key));
    }
    return keys;
  }

  Result<void> remove(const KeyId& id) override { return api_.delete_key(id.to_string()); }

 private:
  client::AditApi api_;
};

}  // namespace

std::unique_ptr<KeyAdministration> http_key_administration(client::HttpClient http) {
  return std::make_unique<HttpKeyAdministration>(std::move(http));
}

}  // namespace adit
