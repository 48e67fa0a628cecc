#include "catalog/migrations.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "base/file.h"
#include "base/id.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

std::string copy_prefix(const fs::path& file) { return file.filename().string() + ".before-v"; }

/// A copy appears under its final name only when it is whole and on disk.
Result<void> copy_before(SqliteSession& session, const fs::path& target) {
  auto temporary = target;
  temporary += "." + Uuid::random().to_string() + ".tmp";
  ADIT_CHECK(copy_into(session, temporary));
  fs::rename(temporary, target);
  return sync_folder(folder_of(target));
}

/// Copies hold what users have deleted since: no more of them than are of use.
void remove_other_copies(const fs::path& file, const fs::path& newest) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_of(file), ignored)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(copy_prefix(file)) && name != newest.filename()) fs::remove(entry.path(), ignored);
  }
}

void apply(SqliteSession& session, const Migration& migration) {
  session.query("BEGIN IMMEDIATE").run();
  // Another process may have been quicker.
  if (schema_version(session) < migration.version) {
    session.execute_script(std::string(migration.sql));
    if (migration.version == 1)
      session.execute_script("CREATE TABLE schema_version (version INTEGER NOT NULL)");
    session.query("DELETE FROM schema_version").run();
    session.query("INSERT INTO schema_version (version) VALUES (:version)")
        .with(std::int64_t{migration.version})
        .run();
  }
  session.query("COMMIT").run();
}

}  // namespace

int schema_version(SqliteSession& session) {
  int tables = 0;
  session.query("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'")
      .into(tables)
      .next();
  if (tables == 0) return 0;
  int version = 0;
  session.query("SELECT version FROM schema_version").into(version).next();
  return version;
}

Result<void> copy_into(SqliteSession& session, const fs::path& target) {
  session.query("VACUUM INTO :file").with(target.string()).run();
  const FileHandle copy(::open(target.c_str(), O_RDONLY | O_CLOEXEC));
  if (!copy) return system_error(errno, "open " + target.string());
  fs::permissions(target, fs::perms::owner_read | fs::perms::owner_write);
  return sync_file(copy, target);
}

Result<void> migrate(SqliteSession& session, const fs::path& file, std::span<const Migration> migrations) {
  const int newest = migrations.back().version;
  const int present = schema_version(session);
  if (present > newest) {
    return invalid("The catalog was written by a newer version of adit (its schema is " +
                   std::to_string(present) + ", this version knows up to " + std::to_string(newest) +
                   "). Start that version again, or restore a backup made before the upgrade.");
  }
  if (present == newest) return {};
  const auto copy = folder_of(file) / (copy_prefix(file) + std::to_string(newest));
  if (present > 0) ADIT_CHECK(copy_before(session, copy));
  try {
    for (const auto& migration : migrations) {
      if (migration.version > present) apply(session, migration);
    }
  } catch (...) {
    session.abandon_transaction();
    throw;
  }
  remove_other_copies(file, copy);
  return {};
}

}  // namespace adit
