#include "app/data_folder.h"

#include <boost/json.hpp>
#include <system_error>

#include "access/keys.h"
#include "access/passwords.h"
#include "backup/data_format.h"

namespace adit {

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(path, failed);
  if (failed) return internal("absolute path of " + path.string() + ": " + failed.message());
  ADIT_CHECK(create_folders(absolute));
  const DataLayout layout{absolute};
  auto lock = FileLock::acquire(layout.lock());
  if (!lock && lock.error().kind == ErrorKind::kConflict) {
    return conflict("Another adit process is using the data folder " + absolute.string() +
                    ". Stop it, or give this one a folder of its own with --data.");
  }
  if (!lock) return std::move(lock).error();
  ADIT_CHECK(settle_data_format(layout));
  DataFolder folder(layout, *std::move(lock));
  for (const auto& part : {layout.chunks(), layout.pools(), layout.tls()}) {
    ADIT_CHECK(create_folders(part));
  }
  return folder;
}

Result<bool> found_installation(const DataFolder& folder, Catalog& catalog, const Clock& clock,
                                const ExecuteLimits& limits) {
  ADIT_TRY(const auto existing, catalog.find_team());
  if (existing) return false;
  const Team team{TeamId::random(), "Default team", "default", limits};
  const User administrator{UserId::random(),     team.id, "Administrator", "admin@localhost",
                           Role::kAdministrator, true,    clock.now()};
  const auto issued =
      issue_key({team.id, subject_of(administrator.id), administrator.id, "first key"}, clock.now());
  const auto password = Passwords::make_one_time();
  ADIT_TRY(auto hash, Passwords().hash(password));
  // The files come first: after a crash in between, the next start makes new ones.
  ADIT_CHECK(replace_file(folder.admin_key(), issued.text + "\n", 0600));
  ADIT_CHECK(replace_file(folder.admin_password(), password + "\n", 0600));
  ADIT_CHECK(catalog.found_team(team, administrator, issued.key, {std::move(hash), true}));
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
