// A backup brought back.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "backup/backup.h"
#include "backup/manifest.h"

namespace adit {

/// What becomes of a restore that finds chunk files damaged: of all else it is refused.
enum class DamagedChunks { kRefuse, kLeaveOut };

struct Restored {
  BackupManifest manifest;
  std::vector<std::string> left_out;  ///< the damaged chunk files, at most 20 of them by name
};

/// Copies a backup into a data folder that does not exist or is empty, holding every file against its digest:
/// the manifest's, and for chunk files the catalog's. Nothing is overwritten. A restore that is cut short
/// leaves a folder that no server starts on. On an error what was copied is removed. kConflict for a folder
/// with anything in it, kInvalid for a backup that is damaged (naming the files), newer than this build or
/// none, kStorageFull.
Result<Restored> restore_backup(const std::filesystem::path& backup, const std::filesystem::path& data,
                                DamagedChunks damaged_chunks, const BackupWatch& watch);

/// The same looking without copying anything: the names of the files that are not what they should be, at
/// most 20.
Result<std::vector<std::string>> check_backup(const std::filesystem::path& backup, const BackupWatch& watch);

}  // namespace adit
