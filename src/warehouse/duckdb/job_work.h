// One job's work in one open pool: stage, land, discard. Used by the service's calls and by the repair alike.
#pragma once

#include <stop_token>
#include <unordered_set>

#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/open_pool.h"

namespace adit {

/// Each call borrows a connection and can be stopped. Locks: a job's stage, then its table.
class JobWork {
 public:
  JobWork(OpenPool& pool, Interrupter& interrupter, const Clock& clock)
      : pool_(pool), interrupter_(interrupter), clock_(clock) {}

  Result<StagedChunk> stage(const StagePlan& plan, const ChunkFile& chunk, std::stop_token stop);
  Result<Landing> land(const LandPlan& plan, std::stop_token stop);
  Result<void> discard(JobId job);
  Result<std::optional<Landing>> landed(JobId job);
  /// All jobs with a mark.
  Result<std::unordered_set<JobId>> all_landed();

 private:
  Result<void> stage_missing(const LandPlan& plan, Connection& connection, Activity& activity,
                             JobStage& stage);
  Result<void> stage_all(const LandPlan& plan, const std::vector<ChunkFile>& chunks, Connection& connection,
                         Activity& activity, JobStage& stage);
  Result<Landing> change(const StagePlan& plan, Connection& connection, const std::stop_token& stop);
  Result<Landing> land_staged(const LandPlan& plan, Connection& connection, Activity& activity,
                              JobStage& stage);

  OpenPool& pool_;
  Interrupter& interrupter_;
  const Clock& clock_;
};

/// Lands, in order, what should have landed but has no mark. What can't be landed is logged and skipped: one
/// bad job must not keep a pool closed.
Result<void> repair(OpenPool& pool, Interrupter& interrupter, const Clock& clock,
                    const std::vector<LandPlan>& missing);

}  // namespace adit
