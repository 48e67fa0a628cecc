// A pool made anew from a backup and the chunks since.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backup/data_layout.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/job.h"
#include "model/table_name.h"

namespace adit {

/// Which backup gives the pool's files to begin with.
struct RebuildSource {
  std::optional<std::filesystem::path> backup;  ///< this one
  std::filesystem::path backup_folder;          ///< else the newest here that has the pool
  bool chunks_only = false;                     ///< else none: an empty pool
};

struct RebuildOptions {
  std::string pool;  ///< name or id
  RebuildSource source;
  /// Go on where rows that were removed after the backup come back, since nobody knows any more which.
  bool rows_may_return = false;
  /// Also where nothing is wrong with the pool.
  bool even_if_whole = false;
  std::uint64_t memory_bytes_max = 0;  ///< of the engine
};

/// A DONE job that the pool that was made lacks.
struct LostJob {
  JobId job;
  TableName table;
  std::optional<TableChangeKind> change;
  Timestamp done{};
  std::uint64_t rows = 0;
  bool chunks_kept = false;  ///< they could not be landed: a file is damaged or gone
  bool set_aside = false;    ///< the pool's files that were set aside have its mark
  bool rows_return = false;  ///< it removed or replaced rows, which may be back
};

struct RebuildReport {
  PoolId pool;
  std::string name;
  std::optional<std::filesystem::path> backup;
  std::optional<Timestamp> backup_begun;
  std::vector<std::string> damage;               ///< of the pool's files as they were, a sentence each
  std::vector<std::filesystem::path> set_aside;  ///< their names now, below the data folder
  std::uint64_t jobs = 0;                        ///< DONE jobs of the pool that the catalog knows
  std::uint64_t landed_again = 0;
  std::uint64_t replaced = 0;   ///< not landed, because later jobs replaced all that they did
  std::vector<LostJob> lost;    ///< in the order of their execute
  std::uint64_t forgotten = 0;  ///< more that had landed, of which the catalog knows nothing else any more
};

/// Makes the pool's file anew beside the present one, lands in it what the catalog calls DONE and it lacks,
/// and only then gives it the present one's name. Until then nothing of the pool has changed, whatever
/// happens; what a rebuild that was cut short has left is removed by the next. The present files are kept
/// under other names.
///
/// The caller holds the data folder, whose server is stopped, and has no threads yet.
///
/// Errors, with nothing changed: kNotFound for the pool or a backup that has it; kConflict when nothing is
/// wrong with the pool, when an engine's process has it open still, when rows that were removed may come
/// back, and when jobs would be lost for want of a backup; kInvalid for a backup that is damaged, newer, or
/// of a time that this catalog does not know; kStorageFull.
Result<RebuildReport> rebuild_pool(const DataLayout& layout, const RebuildOptions& options,
                                   const Clock& clock);

/// Where a rebuild works, in the pool's folder.
std::filesystem::path rebuild_folder(const DataLayout& layout, PoolId pool);

}  // namespace adit
