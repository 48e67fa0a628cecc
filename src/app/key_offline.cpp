// `adit key` on the folder of a stopped server.
#include "access/keys.h"
#include "app/data_folder.h"
#include "app/key_administration.h"

namespace adit {
namespace {

class OfflineKeys final : public KeyAdministration {
 public:
  OfflineKeys(DataFolder folder, std::unique_ptr<Catalog> catalog, Team team, User administrator)
      : folder_(std::move(folder)),
        catalog_(std::move(catalog)),
        team_(std::move(team)),
        administrator_(std::move(administrator)) {}

  Result<CreatedKey> create(const std::string& name, KeyKind kind) override {
    const auto issued = issue_key(team_.id, administrator_.id, kind, name, clock_.now());
    ADIT_CHECK(catalog_->insert_key(issued.key));
    return CreatedKey{issued.key.id, issued.text};
  }

  Result<KeyId> import(const std::string& name, KeyKind kind, const std::string& text) override {
    ADIT_TRY(const auto key, import_key(team_.id, administrator_.id, kind, name, text, clock_.now()));
    ADIT_CHECK(catalog_->insert_key(key));
    return key.id;
  }

  Result<std::vector<Key>> list() override { return catalog_->list_keys(team_.id); }

  Result<void> remove(const KeyId& id) override {
    ADIT_TRY(const bool deleted, catalog_->delete_key(team_.id, id));
    if (!deleted) return not_found("There is no key " + id.to_string() + ".");
    return {};
  }

 private:
  DataFolder folder_;  // holds the lock; declared first, so released last
  std::unique_ptr<Catalog> catalog_;
  const Team team_;
  const User administrator_;
  SystemClock clock_;
};

}  // namespace

Result<std::unique_ptr<KeyAdministration>> open_offline_key_administration(
    const std::filesystem::path& data) {
  if (!std::filesystem::exists(data / "catalog.db")) {
    return not_found("There is no adit installation in " + data.string() +
                     ". Start one with: adit serve --data " + data.string());
  }
  ADIT_TRY(auto folder, DataFolder::open(data));
  ADIT_TRY(auto catalog, open_sqlite_catalog(folder.catalog()));
  ADIT_TRY(auto team, catalog->find_team());
  if (!team)
    return not_found("The installation in " + data.string() +
                     " was never started; start it once with: adit serve --data " + data.string());
  ADIT_TRY(auto administrator, catalog->find_administrator(team->id));
  if (!administrator) return internal("the catalog has a team without an administrator");
  return std::unique_ptr<KeyAdministration>(std::make_unique<OfflineKeys>(
      std::move(folder), std::move(catalog), *std::move(team), *std::move(administrator)));
}

}  // namespace adit
