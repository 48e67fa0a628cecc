// A catalog as a file: copied, checked, and read without being opened as a Catalog, which would migrate it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/copy_file.h"
#include "base/result.h"
#include "model/ids.h"

namespace adit {

/// A chunk whose file must be there.
struct KeptChunk {
  PoolId pool;
  JobId job;
  ChunkId chunk;
  FileDigest stored;
};

/// A job whose rows must be in its pool.
struct LandedJob {
  PoolId pool;
  JobId job;
  std::string table;
  bool chunks_kept = false;  ///< it can be landed again
};

/// Writes the catalog in `file` as it is at one moment to `target`, which must not exist, mode 0600 and
/// synced; writers go on meanwhile. Errors: kStorageFull, kInternal.
Result<void> copy_catalog(const std::filesystem::path& file, const std::filesystem::path& target);

/// Reads a catalog file of the newest version. Others may write it meanwhile: each call sees one moment.
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
  /// In the order of their execute.
  Result<std::vector<LandedJob>> landed_jobs() const;
  /// Those that are not being deleted.
  Result<std::vector<PoolId>> pools() const;

 private:
  std::filesystem::path file_;
};

/// The version of the schema that this build reads and writes.
int newest_catalog_version();

}  // namespace adit
