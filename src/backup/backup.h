// A consistent copy of an installation, running or stopped.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "backup/data_layout.h"
#include "backup/manifest.h"
#include "base/clock.h"
#include "base/result.h"
#include "chunks/chunk_store.h"
#include "warehouse/warehouse.h"

namespace adit {

/// What is to be copied, and how a running server keeps still where it must. Empty functions: it is stopped.
struct BackupSource {
  DataLayout layout;
  std::function<std::unique_lock<std::mutex>()> hold_expiry{};
  std::function<Result<std::unique_ptr<FilesHold>>(PoolId)> hold_files{};
  std::function<RemovalPause()> pause_removals{};
  /// Whether somebody deletes the pool, who must not wait until it is copied.
  std::function<bool(PoolId)> is_deleted{};
};

/// How far a backup or a restore is.
struct BackupProgress {
  std::string doing;        ///< `pools`, `chunks`, `catalog`
  std::uint64_t bytes = 0;  ///< copied; linked files count as none
  std::uint64_t files = 0;
};
/// Called often; an error ends the work with it.
using BackupWatch = std::function<Result<void>(const BackupProgress&)>;

/// Copies the installation into the new folder `target`, mode 0700, whose parent must be there. Whatever was
/// acknowledged before the call is in it, each job's rows wholly or not at all. Chunk files get a second name
/// where `target` is on their volume. On an error `target` is removed.
///
/// The order is what makes it consistent:
/// 1. Nothing expires from here on, so that whatever is DONE in a later step has its chunk files.
/// 2. Each pool's files at one moment each. Work goes on.
/// 3. The catalog at one moment. A job that is DONE in it is in its pool's copy or was landed since: then its
/// mark is
///    missing there and its chunk files are kept, so that the first start lands it again. No job is in a
///    pool's copy that the catalog's copy does not know.
/// 4. Chunk files: those that there were before step 3, and then, while none can be removed, what the
/// catalog's copy
///    names besides.
/// 5. Everything is synced, then the manifest is written: without it the folder is no backup.
///
/// Errors: kConflict where `target` exists; kStorageFull before anything is copied, and while; what `watch`
/// says.
Result<BackupManifest> take_backup(const BackupSource& source, const std::filesystem::path& target,
                                   const Clock& clock, const BackupWatch& watch);

}  // namespace adit
