// Upload: the chunks of one request, from their first byte to their rows in the catalog.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "chunks/chunk_store.h"
#include "push/disk_quotas.h"
#include "push/stage_queue.h"
#include "warehouse/warehouse.h"

namespace adit {

/// The content of an upload that arrives again: what Upload::content() said when it arrived first.
class UploadContent {
 public:
  explicit UploadContent(ChunkOperation operation);
  void add(const Sha256Digest& chunk, std::optional<std::int64_t> sequence);
  std::string finish() &&;

 private:
  Sha256 digest_;
};

struct UploadLimits {
  std::uint64_t chunk_bytes_max = 1ULL << 30;  ///< of one decoded chunk
  std::uint64_t free_bytes_min = 64ULL << 20;  ///< below this free space on the volume no upload begins
  std::uint64_t default_quota_bytes = 0;       ///< of pools without a disk quota of their own; 0: none
};

/// Receives the chunks of one request: `(begin_chunk write* end_chunk)* finish`. All of them are kept or
/// none: without finish(), or after an error, nothing is left unless may_come_back(). One thread at a time.
class Upload {
 public:
  /// What an upload works with; outlives it.
  struct Parts {
    Catalog& catalog;
    ChunkStore& store;
    Warehouse& warehouse;
    StageQueue& stages;
    const Clock& clock;
    Metrics& metrics;
    UploadLimits limits;
  };

  /// `job` must be NEW; it is checked again when the chunks are entered into the catalog.
  Upload(Parts parts, Job job, ChunkOperation operation);
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  /// The room that the chunks need is taken from here as they come; without it the pool's disk quota is
  /// looked at only when they are entered into the catalog.
  void use_room(std::unique_ptr<DiskReservation> reservation) { reservation_ = std::move(reservation); }
  std::uint64_t chunk_bytes_max() const { return parts_.limits.chunk_bytes_max; }
  /// With a sequence number the chunk applies in the order of those, else after all that have one.
  Result<void> begin_chunk(std::optional<std::int64_t> sequence = std::nullopt);
  /// kStorageFull: the pool's disk quota, or the disk.
  Result<void> write(std::string_view bytes);
  /// Checks the finished chunk: it is not empty, it is of the job's type, the key columns are there.
  Result<void> end_chunk();
  /// A digest of what the request brought: operation, digests and sequence numbers of the chunks. After the
  /// last end_chunk().
  std::string content() const;
  /// Makes the chunks durable and acknowledges them, and writes the completion with them. kConflict if the
  /// job left NEW meanwhile or a sequence number is taken.
  Result<std::vector<Chunk>> finish(const RequestCompletion* completion = nullptr);

 private:
  struct Received {
    Chunk chunk;
    std::unique_ptr<ChunkWriter> writer;
  };

  /// What to say of a chunk's file that can't be read or named: kConflict where its job has left NEW.
  Error unless_given_up(Error error) const;

  Parts parts_;
  const Job job_;
  const ChunkOperation operation_;
  std::unique_ptr<DiskReservation> reservation_;  ///< null: the pool has no quota
  std::uint64_t bytes_ = 0;                       ///< of all chunks so far
  std::vector<Received> received_;
  std::size_t kept_ = 0;  ///< how many of received_ have their final name
  bool acknowledged_ = false;
};

}  // namespace adit
