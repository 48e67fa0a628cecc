// One job's work in one open pool: stage, land, discard. Used by the service's calls and by the repair alike.
#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/landing_transaction.h"
#include "warehouse/duckdb/open_pool.h"

namespace adit {

/// Each call borrows a connection and can be stopped. Locks: a job's stages, then its tables.
class JobWork {
 public:
  JobWork(OpenPool& pool, Interrupter& interrupter, const Clock& clock)
      : pool_(pool), interrupter_(interrupter), clock_(clock) {}

  Result<StagedChunk> stage(const StagePlan& plan, const ChunkFile& chunk, std::stop_token stop);
  Result<Landing> land(const LandPlan& plan, std::stop_token stop);
  Result<void> discard(JobId job);
  Result<std::optional<Landing>> landed(JobId job);

 private:
  /// One of the tables that a job lands in.
  struct TablePart {
    StagePlan plan;  ///< of a mirror: as if it were a job of its own
    std::shared_ptr<JobStage> stage;
    bool mirror = false;
    std::unique_lock<std::mutex> lock{};
  };

  /// The target first, then the mirrors, their stages locked.
  Result<std::vector<TablePart>> lock_parts(const StagePlan& plan);
  /// Where the parts stand; held until they are done.
  Result<SchemaUse> enter_schema(std::vector<TablePart>& parts, Connection& connection);
  Result<StagedChunk> stage_part(TablePart& part, const ChunkFile& chunk, Connection& connection,
                                 Activity& activity);
  Result<void> stage_missing(TablePart& part, std::vector<ChunkFile> chunks, Connection& connection,
                             Activity& activity);
  Result<void> stage_all(TablePart& part, const std::vector<ChunkFile>& chunks, Connection& connection,
                         Activity& activity);
  Result<std::vector<TableLock>> lock_tables(const std::vector<TablePart>& parts,
                                             const std::stop_token& stop);
  Result<Landing> land_staged(LandingParts landing, std::vector<TablePart>& parts,
                              const std::vector<ChunkFile>& chunks, Connection& connection,
                              Activity& activity);
  Result<void> discard_part(JobId job);
  Result<Landing> change(const StagePlan& plan, Connection& connection, const std::stop_token& stop);

  OpenPool& pool_;
  Interrupter& interrupter_;
  const Clock& clock_;
};

/// Lands, in order, what should have landed but has no mark. What can't be landed is logged and skipped: one
/// bad job must not keep a pool closed.
Result<void> repair(OpenPool& pool, Interrupter& interrupter, const Clock& clock, const LandingBook& book);

}  // namespace adit
