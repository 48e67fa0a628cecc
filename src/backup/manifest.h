// What a backup holds, and that it is whole: the file that is written last.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/copy_file.h"
#include "base/result.h"

namespace adit {

/// The name of the manifest in a backup's folder. A folder without it is no backup.
inline constexpr const char* kManifestName = "backup.json";
inline constexpr int kBackupFormat = 1;

struct BackupFile {
  std::string path;  ///< within the backup, and within a data folder that it is restored to
  FileDigest digest;
};

struct BackupManifest {
  std::string adit_version;
  int data_format = 0;
  int catalog_version = 0;
  Timestamp begun{};  ///< everything acknowledged before is in it
  Timestamp finished{};
  std::vector<BackupFile> files;  ///< all but chunk files, whose digests the catalog has
  std::uint64_t pools = 0;
  std::uint64_t chunks = 0;
  std::uint64_t chunk_bytes = 0;

  std::uint64_t bytes() const;  ///< of everything
};

/// Durable when it returns.
Result<void> write_manifest(const std::filesystem::path& backup, const BackupManifest& manifest);
/// kNotFound when the folder is no whole backup; kInvalid when the manifest can't be read or is of a newer
/// version.
Result<BackupManifest> read_manifest(const std::filesystem::path& backup);

}  // namespace adit
