// chunks/ keeps the bytes of chunks. It knows ids and bytes; it knows no jobs' states, tables or HTTP.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "model/ids.h"

namespace adit {

/// What a finished file is.
struct StoredChunk {
  std::uint64_t bytes = 0;
  Sha256Digest digest{};
};

/// A chunk being received: `write* finish keep`. Its bytes lie in a temporary file that is removed by
/// destruction unless keep() succeeded. One thread at a time.
class ChunkWriter {
 public:
  virtual ~ChunkWriter() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  /// No more bytes come; the file is on its way to the disk, not yet durable. Computes the digest.
  virtual Result<StoredChunk> finish() = 0;
  /// Where the bytes can be read until keep(); after finish().
  virtual std::filesystem::path path() const = 0;
  /// Makes the bytes durable under their final name: fsync, rename, fsync of the folder. After that open()
  /// finds them, also after a power cut.
  virtual Result<void> keep() = 0;
};

/// As long as it lives no chunk's file is removed.
using RemovalPause = std::unique_lock<std::shared_mutex>;

/// Where chunk bytes rest. Thread-safe.
class ChunkStore {
 public:
  virtual ~ChunkStore() = default;
  /// `bytes_max` is the bound of this chunk; writing past it is kTooLarge.
  virtual Result<std::unique_ptr<ChunkWriter>> open_for_write(PoolId pool, JobId job, ChunkId chunk,
                                                              std::uint64_t bytes_max) = 0;
  /// The readable file of a kept chunk; kNotFound if it was never kept or has been removed.
  virtual Result<std::filesystem::path> open(PoolId pool, JobId job, ChunkId chunk) = 0;
  /// Removes one chunk's file; nothing to remove is no error.
  virtual Result<void> remove(PoolId pool, JobId job, ChunkId chunk) = 0;
  /// Removes all files of a job, those still being written included; nothing to remove is no error.
  virtual Result<void> remove_job(PoolId pool, JobId job) = 0;
  /// Removes all files of a pool; nothing to remove is no error.
  virtual Result<void> remove_pool(PoolId pool) = 0;
  /// The chunks that are kept for a job, in no order; for recovery.
  virtual Result<std::vector<ChunkId>> list(PoolId pool, JobId job) = 0;
  /// Space that is left for further chunks.
  virtual Result<std::uint64_t> free_bytes() = 0;
  /// Removes the temporary files of uploads that a dead process left. Call once at start, before any write.
  virtual Result<void> remove_unfinished() = 0;
  /// Waits for removals under way; further ones wait until the pause is over. For moments only.
  virtual RemovalPause pause_removals() = 0;
};

/// A store on a local file system: `<root>/<pool>/<xx>/<job>.<chunk>`, xx being the first two
/// digits of the job's id; with `.part` behind it while it is written. Digests
/// are computed while writing and early write-back is started, so that finish() and keep() have little left
/// to do.
Result<std::unique_ptr<ChunkStore>> open_local_chunk_store(std::filesystem::path root);

/// Where a chunk's file lies below `root`.
std::filesystem::path local_chunk_file(const std::filesystem::path& root, PoolId pool, JobId job,
                                       ChunkId chunk);
/// The pools, jobs and chunks of the files below `root`, in no order: those being written are left out, and
/// so is what is named otherwise.
struct LocalChunk {
  PoolId pool;
  JobId job;
  ChunkId chunk;
};
Result<std::vector<LocalChunk>> list_local_chunks(const std::filesystem::path& root);

/// The folder with all chunks of a pool, below the root of a local store. Once made it stays until
/// remove_pool().
std::filesystem::path local_chunk_folder(const std::filesystem::path& root, PoolId pool);

}  // namespace adit
