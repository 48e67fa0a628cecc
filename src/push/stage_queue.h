// push/ is the life of a push job: upload, stage, execute, land, cancel, recover, expire. It knows the
// catalog, the chunk store and the warehouse through their interfaces; it knows no HTTP, no SQL and no
// engine.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
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
  std::size_t big_stages_max = 2;    ///< large chunks staged at the same time; at times one more
  std::size_t small_stages_max = 4;  ///< further threads, for small chunks and that one more
  std::uint64_t big_chunk_bytes_min = 16ULL << 20;  ///< from this size on a chunk is large
  int attempts_max = 5;                             ///< of finish(), when the warehouse is unavailable
  std::chrono::milliseconds retry_delay{200};       ///< doubled with every attempt
  std::chrono::milliseconds silence_min{200};       ///< before a pool that does not answer is asked again
  std::chrono::milliseconds silence_max{30'000};    ///< doubled up to this
};

/// Stages chunks right after their upload, while the client sends the next one, as far as their order is
/// settled. The chunks of one job are staged in their order, one at a time; jobs side by side, small chunks
/// past large ones. Pools take turns, and none begins with a thread while it has as many as are free; one
/// that does not answer has one at a time, which asks again after a pause. Lifecycle: works from construction
/// to stop(). Threads: all calls from any thread. Errors: what is wrong with a chunk's data is written to the
/// catalog; while the warehouse can't work a chunk stays STORED.
class StageQueue {
 public:
  StageQueue(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, const Clock& clock,
             StageQueueOptions options);
  ~StageQueue();

  /// Says that a job has new chunks, the largest of them of `bytes`.
  void chunks_added(const Job& job, std::uint64_t bytes);
  /// Stages what is left of a job that is to land, and once more what did not fit the table of then. On the
  /// caller's thread, once none of the queue's own works on it; a large one waits for its place among the
  /// large ones.
  Result<void> finish(const Job& job, std::stop_token stop);
  /// Interrupts the job's stages and returns when none runs any more.
  void forget(JobId job);
  void stop();
  /// Jobs of the pool with a stage that waits or runs.
  std::size_t waiting(PoolId pool) const;

 private:
  enum class Purpose { kAhead, kLanding };

  struct Entry {
    Job job;
    bool active = false;
    bool added_meanwhile = false;
    bool big = false;          ///< queued among the large ones at its next turn
    bool counted_big = false;  ///< its present turn counts in big_active
    bool has_thread = false;   ///< its present turn is on a thread of the queue's own
    std::stop_source stop;
  };
  /// There as long as it has entries.
  struct Pool {
    std::deque<JobId> small;
    std::deque<JobId> big;
    std::size_t active = 0;
    std::size_t big_active = 0;
    std::size_t threads = 0;
    std::chrono::milliseconds pause{};  ///< of one that did not answer
    std::chrono::steady_clock::time_point until{};

    std::size_t jobs() const { return small.size() + big.size() + active; }
  };
  struct State {
    std::unordered_map<JobId, Entry> entries;  ///< of jobs with a stage that waits or runs
    std::map<PoolId, Pool> pools;
    PoolId last;  ///< had the latest turn
    std::size_t big_active = 0;
    std::size_t threads = 0;
    bool stopped = false;
  };
  struct Turn {
    Job job;
    std::stop_source stop;
  };

  void work();
  /// Waits for one. None: the queue was stopped.
  std::optional<Turn> next_turn();
  static void enqueue(State& state, Entry& entry);
  /// The entry whose turn it is, or null.
  Entry* runnable(State& state) const;
  bool may_begin(const State& state, const Pool& pool) const;
  /// Whether there is a place for a large one. One place more is for a pool that has none there, so that it
  /// is not kept out by another one alone.
  bool has_big_place(const State& state, const Pool& pool) const;
  Turn begin_turn(State& state, Entry& entry);
  void end_turn(JobId job, const Result<void>& staged);
  static void erase(State& state, JobId job);
  std::chrono::steady_clock::time_point next_look(const State& state) const;
  Result<void> stage_pending(const Job& job, std::stop_token stop, Purpose purpose);
  Result<StagedChunk> stage(const StagePlan& plan, const ChunkFile& file, std::stop_token stop,
                            Purpose purpose);
  void pool_answered(PoolId pool);

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
