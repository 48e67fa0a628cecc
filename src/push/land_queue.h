// LandQueue: takes executed jobs in their order and lands them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "chunks/chunk_store.h"
#include "push/land_turns.h"
#include "push/stage_queue.h"
#include "warehouse/warehouse.h"

namespace adit {

struct LandQueueOptions {
  std::size_t landings_max = 16;                  ///< jobs that wait for their stages or land, side by side
  std::chrono::milliseconds poll_interval{1000};  ///< looks for jobs that another process queued
  int attempts_max = 5;                           ///< when the warehouse is unavailable
  std::chrono::milliseconds retry_delay{200};     ///< doubled with every attempt
  std::chrono::milliseconds silence_min{200};     ///< before a pool that does not answer is asked again
  std::chrono::milliseconds silence_max{30'000};  ///< doubled up to this
  std::ptrdiff_t waits_max = 8;                   ///< calls of wait_final() at a time
};

/// Lifecycle: start() … stop(), once each. stop() interrupts what runs; those jobs are QUEUED again and go on
/// at the next start. Threads: all other calls from any thread.
class LandQueue {
 public:
  LandQueue(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, StageQueue& stages, const Clock& clock,
            Metrics& metrics, LandQueueOptions options);
  ~LandQueue();

  void start();
  void stop();
  /// Says that a job was queued.
  void wake();
  /// Sees to the end of a job that somebody asked to cancel and that is RUNNING, or QUEUED again:
  /// wait_final() has it. Where one that is QUEUED has not landed it is CANCELED here, whoever stands before
  /// it in its line.
  void stop_canceled(const Job& job);
  /// Interrupts a job that runs in this process; no such job is no error.
  void interrupt(JobId job);
  /// Interrupts the jobs running here whose catalog row says that somebody asked to cancel them.
  void interrupt_canceled();
  /// Waits until the job is in a final state. kUnavailable when that takes longer than `timeout`; at once
  /// where as many wait as may: each of them keeps a thread of those who have nothing to do with the job.
  Result<Job> wait_final(PoolId pool, JobId job, std::chrono::milliseconds timeout);

 private:
  /// None: whether the job has landed is not known yet.
  using Outcome = std::optional<Result<Landing>>;
  enum class Turn { kFirst, kAgain };
  struct State {
    bool stopped = false;
    std::uint64_t wakes = 0;       ///< counts wake() and what else may give a job its turn
    std::uint64_t wakes_seen = 0;  ///< by the latest look
    bool looking = false;          ///< a thread asks the catalog for the next job
    std::uint64_t finished = 0;    ///< counts jobs that ended, for wait_final()
    std::unordered_map<JobId, std::stop_source> running;  ///< those set aside as well
    LandTurns turns;

    explicit State(LandTurnsOptions options) : turns(options) {}
  };

  void work();
  /// Waits until it is time to ask for the next job. False: the queue was stopped.
  bool begin_look();
  /// `taken`: the pool of the job that was found.
  void end_look(std::optional<PoolId> taken);
  void run(const Job& job);
  void work_on(const Job& job, Turn turn);
  Outcome land(const Job& job, Turn turn, const std::stop_token& stop);
  Outcome try_to_land(const Job& job, bool may_have_landed, const std::stop_token& stop);
  Result<std::optional<Landing>> find_mark(const Job& job);
  Result<Landing> land_chunks(const Job& job, const std::stop_token& stop);
  void settle_chunks(const Job& job, const std::stop_token& stop);
  Outcome settle(const Job& job, const Error& error);
  bool set_aside(const Job& job);
  void pool_answered(PoolId pool);
  void put_back(const Job& job);
  void finish(const Job& job, const Result<Landing>& outcome);
  void discard_staged(const Job& job);
  void note_end(const Job& job, const JobTransition& change);
  void record(const Job& job, const JobTransition& change);
  bool stopped() const { return state_.lock()->stopped; }

  Catalog& catalog_;
  ChunkStore& store_;
  Warehouse& warehouse_;
  StageQueue& stages_;
  const Clock& clock_;
  const Timestamp started_;
  Metrics& metrics_;
  const LandQueueOptions options_;
  const std::string owner_;              ///< this process, in the catalog's claims
  std::condition_variable_any work_;     ///< there may be a job to take
  std::condition_variable_any changed_;  ///< a job ended, or the queue was stopped
  std::counting_semaphore<> waits_;      ///< places for those who wait for a job's end
  Guarded<State> state_;
  std::vector<std::thread> threads_;
};

/// The lines for a job's logs about chunks that could not be read.
std::vector<std::string> describe_failed_chunks(const std::vector<Chunk>& chunks);

}  // namespace adit
