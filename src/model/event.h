// What happened to a job or one of its chunks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/chunk.h"
#include "model/ids.h"
#include "model/job.h"

namespace adit {

enum class EventKind {
  kJob,      ///< it got a status
  kChunk,    ///< it was stored, staged, found wrong or removed
  kDeleted,  ///< the job was deleted by its client
};

/// An event as it is remembered. Absent parts belong to other kinds.
struct Event {
  std::int64_t number = 0;  ///< rises with every event of the installation, in the order of the commits
  PoolId pool;
  JobId job;
  std::string target_name;
  std::optional<TableChangeKind> change{};  ///< the job is no push
  Timestamp at{};
  EventKind kind = EventKind::kJob;
  std::optional<JobStatus> status{};
  std::optional<ChunkId> chunk{};
  std::optional<ChunkState> chunk_state{};  ///< absent for a chunk that was removed
  std::optional<std::uint64_t> rows{};      ///< of a staged chunk
};

/// Whose events: a pool's, or one job's.
struct EventScope {
  PoolId pool;
  std::optional<JobId> job{};
};

}  // namespace adit
