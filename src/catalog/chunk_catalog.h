// Chunks of jobs, as the catalog keeps them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/chunk.h"
#include "model/idempotency.h"

namespace adit {

/// The chunks of jobs; for calls, threads and errors see Catalog.
class ChunkCatalog {
 public:
  virtual ~ChunkCatalog() = default;

  /// Inserts chunks, all or none, and sets their position. kConflict if the job is not NEW (or deleted): the
  /// state is checked in the same transaction; and if one has the sequence number of another. kStorageFull if
  /// the pool would use more than its disk quota, which is `default_quota_bytes` (0: none) where it has no
  /// own.
  virtual Result<std::vector<Chunk>> insert_chunks(JobId job, std::vector<Chunk> chunks,
                                                   const RequestCompletion* completion = nullptr,
                                                   std::uint64_t default_quota_bytes = 0) = 0;
  /// In the order in which they apply: those with a sequence number by it, then the others by position.
  virtual Result<std::vector<Chunk>> list_chunks(JobId job) = 0;
  /// Takes a chunk out of a job that is NEW and returns it as it was. If it had been looked at by a stage,
  /// all chunks of the job are STORED again. kNotFound; kConflict in any other state.
  virtual Result<Chunk> remove_chunk(JobId job, ChunkId chunk, Timestamp at) = 0;
  /// Sets state, rows and errors; relaxed durability.
  virtual Result<void> update_chunk(const Chunk& chunk, Timestamp at) = 0;
};

}  // namespace adit
