// Knows whether the write-ahead log of a database was made anew, which the engine does without syncing the
// folder.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/file.h"
#include "base/guarded.h"
#include "base/result.h"

namespace adit {

/// Thread-safe.
class WalWatch {
 public:
  /// `database`: the path of the database file; its log is beside it.
  WalWatch(const std::filesystem::path& database, FolderSync folder_sync);

  /// Syncs the folder if the log is another file than at the last call that succeeded.
  Result<void> sync_if_new();
  /// 0 when there is none.
  std::uint64_t bytes() const;

 private:
  struct Identity {
    std::uint64_t inode = 0;
    std::int64_t born_s = 0;
    std::uint32_t born_ns = 0;
    bool operator==(const Identity&) const = default;
  };

  const std::filesystem::path log_;
  const FolderSync folder_sync_;
  Guarded<Identity> synced_;
};

}  // namespace adit
