#include "catalog/migrations.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "base/file.h"
#include "base/id.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// 0 for a file without a schema.
int read_version(SqliteSession& session) {
  int tables = 0;
  session.query("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'")
      .into(tables)
      .next();
  if (tables == 0) return 0;
  int version = 0;
  session.query("SELECT version FROM schema_version").into(version).next();
  return version;
}

/// A copy appears under its final name only when it is whole and on disk.
Result<void> copy_catalog(SqliteSession& session, const fs::path& target) {
  auto temporary = target;
  temporary += "." + Uuid::random().to_string() + ".tmp";
  session.query("VACUUM INTO :file").with(temporary.string()).run();
  {
    const FileHandle file(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return system_error(errno, "open " + temporary.string());
    ADIT_CHECK(sync_file(file, temporary));
  }
  fs::permissions(temporary, fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(temporary, target);
  return sync_folder(target.has_parent_path() ? target.parent_path() : fs::path("."));
}

void apply(SqliteSession& session, const Migration& migration) {
  session.query("BEGIN IMMEDIATE").run();
  // Another process may have been quicker.
  if (read_version(session) < migration.version) {
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

Result<void> migrate(SqliteSession& session, const fs::path& file, std::span<const Migration> migrations) {
  const int newest = migrations.back().version;
  const int present = read_version(session);
  if (present > newest) {
    return invalid("The catalog was written by a newer version of adit (its schema is " +
                   std::to_string(present) + ", this version knows up to " + std::to_string(newest) +
                   "). Start that version again, or restore a backup made before the upgrade.");
  }
  if (present == newest) return {};
  if (present > 0) {
    auto copy = file;
    copy += ".before-v" + std::to_string(newest);
    ADIT_CHECK(copy_catalog(session, copy));
  }
  try {
    for (const auto& migration : migrations) {
      if (migration.version > present) apply(session, migration);
    }
  } catch (...) {
    session.abandon_transaction();
    throw;
  }
  return {};
}

}  // namespace adit
