// What is wrong with a data folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backup/backup.h"
#include "backup/data_layout.h"
#include "base/result.h"

namespace adit {

enum class Finding {
  kCatalogDamaged,      ///< the catalog's file, or rows in it
  kCatalogLogSetAside,  ///< an earlier start found the catalog's log damaged and kept a copy of it
  kPoolDamaged,         ///< a pool's file can't be opened, or a table in it can't be read
  kPoolSetAside,        ///< an earlier start found a file damaged and put another name to it
  kPoolUnknown,         ///< an earlier start found a pool's folder that the catalog does not know, likewise
  kChunkDamaged,        ///< a kept chunk's file is not what was acknowledged
  kChunkMissing,        ///< a kept chunk has no file
  kJobMissing,          ///< a DONE job is not in its pool; its chunks are kept, the next start lands it again
  kJobUnrecoverable,    ///< the same without chunks to land it from
  kForgottenMissing,    ///< the same of jobs that the catalog has forgotten: a pool's file was made anew
  kChunkUnknown,        ///< a chunk's file that the catalog does not know
  kRebuildCutShort,     ///< what a rebuild left that did not come to its end
  kPoolInUse,           ///< not looked at, since a server has it open
};
std::string_view to_string(Finding finding);  ///< POOL_DAMAGED and the like
/// Whether something is lost or damaged; else it is only worth knowing.
bool is_problem(Finding finding);

struct DoctorFinding {
  Finding finding;
  std::string pool;    ///< its id; empty where it is about none
  std::string object;  ///< a file below the data folder, or the id of a job
  std::string text;
};

struct DoctorReport {
  std::vector<DoctorFinding> findings;
  std::uint64_t pools = 0;  ///< looked at, like the others
  std::uint64_t jobs = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;

  bool healthy() const;
};

enum class DoctorReading {
  kEverything,  ///< all rows of all pools and the bytes of all chunk files
  kQuick,       ///< the catalog, which files there are and their sizes, the pools' logs and marks
};

/// Looks, and changes nothing. Beside a running server pools that are open are left out. Call it before there
/// are threads. kNotFound for a folder without a catalog.
Result<DoctorReport> examine(const DataLayout& layout, DoctorReading reading);

}  // namespace adit
