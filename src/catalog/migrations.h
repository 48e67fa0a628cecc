// The versions of the catalog's schema and how a file gets from one to the next.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "base/result.h"
#include "catalog/sqlite_session.h"

namespace adit {

/// One step: from version `version - 1` to `version`.
struct Migration {
  int version;
  std::string_view sql;
};

/// Those of this build, from version 1 on; embedded from migrations/*.sql.
std::span<const Migration> catalog_migrations();

/// Of the file that `session` has open; 0 for one without a schema. Throws what SOCI throws.
int schema_version(SqliteSession& session);
/// Writes what `session` reads to `target`, which must not exist, mode 0600 and synced. Throws what SOCI
/// throws.
Result<void> copy_into(SqliteSession& session, const std::filesystem::path& target);

/// Brings `file`, which `session` has open, to the last version of `migrations`, each step in a transaction
/// of its own. Before an existing catalog is changed, a copy named `<file>.before-v<new version>` is made;
/// once the file is of the new version, copies made before earlier migrations are removed. kInvalid when the
/// file is of a newer version. Several processes may call this for one file. Throws what SOCI throws.
Result<void> migrate(SqliteSession& session, const std::filesystem::path& file,
                     std::span<const Migration> migrations);

}  // namespace adit
