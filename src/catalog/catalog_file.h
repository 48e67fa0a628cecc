// A catalog as a file: copied, checked, and read without being opened as a Catalog, which would migrate it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/copy_file.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/job.h"
#include "model/table_name.h"

namespace adit {

/// A chunk whose file must be there.
struct KeptChunk {
  PoolId pool;
  JobId job;
  ChunkId chunk;
  FileDigest stored;
};

/// A job whose rows, or whose change, must be in its pool.
struct LandedJob {
  PoolId pool;
  JobId job;
  TableName table;
  std::vector<std::string> mirrors{};  ///< further tables of the same schema that it filled
  bool runs_sql = false;               ///< it had SQL that changed tables that are not known
  bool replaces = false;               ///< a push that left nothing of what its tables held before
  bool removes_rows = false;           ///< a push with chunks of rows that go
  std::optional<TableChangeKind> change{};
  std::uint64_t rows = 0;
  Timestamp done{};
  bool chunks_kept = false;  ///< it can be landed again
};

struct NamedPool {
  PoolId pool;
  TeamId team;
  std::string name;
  Timestamp created{};  ///< of the same id and another time is another pool: clients may choose ids
  std::uint64_t jobs_forgotten = 0;  ///< that had landed; see HistoryCatalog
  Timestamp jobs_forgotten_until{};  ///< when the last of them ended
};

/// Writes the catalog in `file` as it is at one moment to `target`, which must not exist, mode 0600 and
/// synced; writers go on meanwhile. Errors: kStorageFull, kInternal.
Result<void> copy_catalog(const std::filesystem::path& file, const std::filesystem::path& target);

/// Reads a catalog file of the newest version, and leaves file and log as they are. Others may write it
/// meanwhile: each call sees one moment.
/// Errors: kInvalid where the file is damaged or of another version, kInternal.
class CatalogFile {
 public:
  explicit CatalogFile(std::filesystem::path file) : file_(std::move(file)) {}

  /// 0 for a file without a schema.
  Result<int> version() const;
  /// What SQLite finds wrong with the file, and rows that refer to none: nothing where all is well. Reads all
  /// of it.
  Result<std::vector<std::string>> damage() const;
  /// Those of jobs that have landed or may still do so, in pools that are not being deleted.
  Result<std::vector<KeptChunk>> kept_chunks() const;
  /// All jobs of a pool that are remembered.
  Result<std::unordered_map<JobId, JobStatus>> jobs_of(PoolId pool) const;
  /// In the order of their execute.
  Result<std::vector<LandedJob>> landed_jobs() const;
  /// Those that are not being deleted.
  Result<std::vector<NamedPool>> pools() const;

 private:
  std::filesystem::path file_;
};

/// The version of the schema that this build reads and writes.
int newest_catalog_version();

}  // namespace adit
