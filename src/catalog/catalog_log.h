// The catalog's write-ahead log as a file: whether the disk has damaged it.
//
// SQLite reads its log up to the first frame whose checksum is wrong and takes that for the end, without a
// word: after a crash that is right, for the rest was never committed. The frames behind tell one from the
// other: they have the salts of this log, and are commits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace adit {

struct CatalogLogDamage {
  std::uint64_t at_byte = 0;       ///< of the first frame that is not what was written
  std::uint64_t commits_lost = 0;  ///< at least so many come behind it
};

/// What SQLite would pass over in the log of the catalog in `file`. Nothing where all is well, or there is no
/// log. That a log was cut can't be seen, nor that its last commit was damaged: a crash leaves the same. A
/// power cut can leave damage that cost only commits that nobody waited for. Nobody may have the catalog
/// open.
Result<std::optional<CatalogLogDamage>> find_log_damage(const std::filesystem::path& file);

/// Before the catalog is opened for writing: keeps a damaged log beside it as `catalog.db-wal.damaged-<its
/// time in ms>`, since SQLite goes on writing over it, and says so in the log. kStorageFull.
Result<void> keep_damaged_log(const std::filesystem::path& file);

/// Cuts off what is left of a refused commit behind the end of the log, which find_log_damage() would take
/// for commits that were lost. The log has at least `frames`: where it is damaged before, it stays as it is.
/// Only within a transaction that has written nothing yet.
Result<void> cut_log_behind_its_end(const std::filesystem::path& file, std::uint64_t frames);

/// What to say where the catalog in `file` is damaged: kInvalid, with what to do. Nothing is set aside: a
/// server that went on with an empty catalog would know none of its tables and nobody.
Error catalog_damaged(const std::filesystem::path& file, std::string detail);
/// Whether an error of a Catalog's call says that its file is damaged.
bool tells_catalog_damage(const Error& error);

}  // namespace adit
