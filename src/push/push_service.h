// PushService: what the push routes ask for, in the terms of jobs and chunks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "chunks/chunk_store.h"
#include "push/land_queue.h"
#include "push/stage_queue.h"
#include "push/upload.h"
#include "warehouse/warehouse.h"

namespace adit {

struct PushLimits {
  UploadLimits upload;
  /// Jobs of a pool with chunks that wait for their stage; then no upload into it begins.
  std::size_t stages_waiting_max = 10'000;
  std::uint64_t jobs_queued_max = 10'000;             ///< of a pool; then none of its is executed
  std::chrono::milliseconds cancel_wait_max{60'000};  ///< how long cancel and delete wait for a running job
};

/// Thread-safe; calls block. Jobs of pools that the caller may not know of are the caller's business: `pool`
/// must have been found in the caller's team.
class PushService {
 public:
  PushService(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, StageQueue& stages,
              LandQueue& landings, const Clock& clock, Metrics& metrics, PushLimits limits);

  /// What to write down with a job that is created.
  using CompletionOf = std::function<RequestCompletion(const Job& job)>;

  /// `creator` is who asked for it, where that is known.
  Result<Job> create(PoolId pool, JobSpec spec, const CompletionOf& completion = {},
                     const std::optional<JobCreator>& creator = {});
  Result<Job> get(PoolId pool, JobId job);
  Result<JobPage> list(PoolId pool, const JobFilter& filter);
  Result<std::vector<Chunk>> chunks(PoolId pool, JobId job);
  /// kConflict if the job is not NEW; kInvalid if a delete chunk comes to a job without keys; kUnavailable
  /// while as many jobs as may wait for their stage.
  Result<std::unique_ptr<Upload>> begin_upload(PoolId pool, JobId job, ChunkOperation operation);
  /// Queues the job and returns at once. `duplicate_removal_column`: see JobSpec; kInvalid if it is known by
  /// now that it can't be; kUnavailable while as many jobs as may are queued. Where the limits of the pool's
  /// team do not admit it, nothing is done.
  Result<ExecuteAdmission> execute(PoolId pool, JobId job, const RequestCompletion* completion = nullptr,
                                   const std::optional<std::string>& duplicate_removal_column = {});
  /// Takes a chunk out of a job that is NEW: its file, its sums and what was staged of it. The others are
  /// staged again where it had been staged, since their rows stand in one table. kNotFound, kConflict.
  Result<void> remove_chunk(PoolId pool, JobId job, ChunkId chunk);
  /// Returns the job when its outcome is known: CANCELED, or DONE where the commit had passed already. The
  /// chunk files of a canceled job go at once: it can't be executed any more, and they count in the quota.
  /// kUnavailable where a running job's outcome is not known in time, or as many wait for one as may: it is
  /// asked to end all the same, and who asks again learns what became of it.
  Result<Job> cancel(PoolId pool, JobId job);
  /// Cancels what still runs, as cancel() does, then hides the job. What has landed is not touched, and its
  /// chunk files stay until they expire; those of a job that never landed go at once.
  Result<void> remove(PoolId pool, JobId job);
  /// 0 to 1.
  double progress(const Job& job) const;

 private:
  Result<void> check_queue(PoolId pool) const;
  Result<Job> cancel_found(const Job& job);
  void drop_staged(const Job& job);
  void drop_chunks(const Job& job);
  Result<void> check_duplicate_removal(const Job& job, const std::string& column);

  Catalog& catalog_;
  ChunkStore& store_;
  Warehouse& warehouse_;
  StageQueue& stages_;
  LandQueue& landings_;
  const Clock& clock_;
  Metrics& metrics_;
  const PushLimits limits_;
};

}  // namespace adit
