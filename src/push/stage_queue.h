// push/ is the life of a push job: upload, stage, execute, land, cancel, recover, expire. It knows the
// catalog, the chunk store and the warehouse through their interfaces; it knows no HTTP, no SQL and no
// engine.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "catalog/catalog.h"
#include "chunks/chunk_store.h"
#include "warehouse/warehouse.h"

namespace adit {

/// What the warehouse must know of a job.
StagePlan stage_plan(const Job& job);
/// Where the warehouse finds a chunk, and at which place of the job's order it applies. Its file is held
/// against the digest before it is read, unless it is large and was acknowledged at `fresh_from` or later.
/// kNotFound when its file is gone.
Result<ChunkFile> chunk_file(ChunkStore& store, const Job& job, const Chunk& chunk, std::size_t place,
                             Timestamp fresh_from);
/// Chunks acknowledged at this time or later were written by this process, which began at `started`, a moment
/// ago.
Timestamp fresh_from(Timestamp started, Timestamp now);
/// How many of a NEW job's chunks, which come in their order, can have none before them any more: all, where
/// no chunk has a sequence number; else the numbered ones from 0 or 1 up to the first gap. Numbers that begin
/// elsewhere, and chunks without one beside them, wait for the execute. A 0 that comes after the 1 was staged
/// costs staging the job again.
std::size_t count_settled(const std::vector<Chunk>& chunks);

struct StageQueueOptions {
  std::size_t big_stages_max = 2;                   ///< large chunks staged at the same time
  std::size_t small_stages_max = 2;                 ///< further threads that only small chunks use
  std::uint64_t big_chunk_bytes_min = 16ULL << 20;  ///< from this size on a chunk is large
  int attempts_max = 5;                             ///< when the warehouse is unavailable
  std::chrono::milliseconds retry_delay{200};       ///< doubled with every attempt
};

/// Stages chunks right after their upload, while the client sends the next one, as far as their order is
/// settled. The chunks of one job are staged in their order, one at a time; jobs side by side, small chunks
/// past large ones. Lifecycle: works from construction to stop(). Threads: all calls from any thread. Errors:
/// what is wrong with a chunk's data is written to the catalog; when the warehouse can't work at the moment
/// a chunk is tried some times, then it stays STORED and finish() tries again.
class StageQueue {
 public:
  StageQueue(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, const Clock& clock,
             StageQueueOptions options);
  ~StageQueue();

  /// Says that a job has new chunks, the largest of them of `bytes`.
  void chunks_added(const Job& job, std::uint64_t bytes);
  /// Waits for the job's running stages and stages what is left, on the caller's thread.
  Result<void> finish(const Job& job, std::stop_token stop);
  /// Interrupts the job's stages and returns when none runs any more.
  void forget(JobId job);
  void stop();
  /// Jobs with a stage that waits or runs.
  std::size_t waiting() const { return state_.lock()->entries.size(); }

 private:
  struct Entry {
    Job job;
    bool active = false;
    bool added_meanwhile = false;
    bool big = false;          ///< queued among the large ones at its next turn
    bool counted_big = false;  ///< its present turn counts in big_active
    std::stop_source stop;
  };
  struct State {
    std::unordered_map<JobId, Entry> entries;  ///< of jobs with a stage that waits or runs
    std::deque<JobId> small;
    std::deque<JobId> big;
    std::size_t big_active = 0;
    bool stopped = false;
  };

  void work();
  void enqueue(State& state, Entry& entry);
  bool runnable(const State& state) const;
  void finish_turn(JobId job);
  Result<void> stage_pending(const Job& job, std::stop_token stop);
  Result<StagedChunk> stage_with_retries(const StagePlan& plan, const ChunkFile& file, std::stop_token stop);

  Catalog& catalog_;
  ChunkStore& store_;
  Warehouse& warehouse_;
  const Clock& clock_;
  const Timestamp started_;
  const StageQueueOptions options_;
  std::condition_variable work_;         ///< for the threads: there is something to take
  std::condition_variable_any changed_;  ///< for those who wait for a job's turn to end
  Guarded<State> state_;
  std::vector<std::thread> threads_;
};

}  // namespace adit
