// The backup that a pool is rebuilt from.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "backup/manifest.h"
#include "backup/rebuild.h"
#include "catalog/catalog_file.h"

namespace adit {

/// The files of one pool in a backup.
struct PoolBackup {
  std::filesystem::path folder;  ///< of the backup
  Timestamp begun{};
  std::vector<BackupFile> files;

  std::uint64_t bytes() const;
};

/// Nothing where none is wanted, or none has the pool in the folder of backups. Folders there that are no
/// whole backup are passed over, and so are backups that were begun before the pool was made: what they have
/// of its id is of another one, which was deleted. kNotFound for a named backup without the pool; kInvalid
/// for one of before its time, or that can't be read or is newer.
Result<std::optional<PoolBackup>> choose_backup(const RebuildSource& source, const NamedPool& pool);

/// Copies the files to `target`, held against their digests: kInvalid, naming the file.
Result<void> copy_pool_backup(const PoolBackup& backup, const std::filesystem::path& target);

}  // namespace adit
