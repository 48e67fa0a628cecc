#include "app/data_folder.h"

#include <boost/json.hpp>
#include <system_error>

#include "access/keys.h"

namespace adit {

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(path, failed);
  if (failed) return internal("absolute path of " + path.string() + ": " + failed.message());
  ADIT_CHECK(create_folders(absolute));
  auto lock = FileLock::acquire(absolute / "lock");
  if (!lock && lock.error().kind == ErrorKind::kConflict) {
    return conflict("Another adit process is using the data folder " + absolute.string() +
                    ". Stop it, or give this one a folder of its own with --data.");
  }
  if (!lock) return std::move(lock).error();
  DataFolder folder(absolute, *std::move(lock));
  for (const auto& part : {folder.chunks(), folder.pools(), folder.tls_key().parent_path()}) {
    ADIT_CHECK(create_folders(part));
  }
  return folder;
}

Result<bool> found_installation(const DataFolder& folder, Catalog& catalog, const Clock& clock) {
  ADIT_TRY(const auto existing, catalog.find_team());
  if (existing) return false;
  const Team team{TeamId::random(), "Default team", "default"};
  const User administrator{UserId::random(), team.id, "Administrator", "admin@localhost"};
  const auto issued = issue_key(team.id, administrator.id, KeyKind::kUser, "first key", clock.now());
  // The file comes first: after a crash in between, the next start makes a new key and a new file.
  ADIT_CHECK(replace_file(folder.admin_key(), issued.text + "\n", 0600));
  ADIT_CHECK(catalog.found_team(team, administrator, issued.key));
  return true;
}

Result<void> write_listen_file(const DataFolder& folder, const std::string& http,
                               const std::optional<std::string>& https) {
  boost::json::object addresses{{"http", http}};
  if (https) addresses["https"] = *https;
  return replace_file(folder.listen_file(), boost::json::serialize(addresses) + "\n", 0600);
}

void remove_listen_file(const DataFolder& folder) {
  std::error_code gone_already;
  std::filesystem::remove(folder.listen_file(), gone_already);
}

}  // namespace adit
