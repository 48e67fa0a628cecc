#include "push/recovery.h"

#include <utility>

#include "base/log.h"

namespace adit {

Result<void> recover(Catalog& catalog, ChunkStore& store, StageQueue& stages, const Clock& clock) {
  ADIT_CHECK(store.remove_unfinished());
  ADIT_CHECK(catalog.release_all_requests());
  // No process has an empty name, so these are all jobs that were RUNNING when the last one died.
  ADIT_TRY(const auto abandoned, catalog.list_abandoned_jobs(""));
  for (const auto& job : abandoned) {
    const JobTransition again{{JobStatus::kRunning}, JobStatus::kQueued, clock.now()};
    ADIT_CHECK(catalog.transition(job.id, again, Durability::kRelaxed));
  }
  ADIT_TRY(const auto waiting, catalog.list_new_jobs_with_chunks());
  for (const auto& job : waiting) stages.chunks_added(job, job.bytes);
  if (!abandoned.empty() || !waiting.empty()) {
    log::info("recovered",
              {{"jobs_queued_again", abandoned.size()}, {"jobs_with_chunks_to_check", waiting.size()}});
  }
  return {};
}

namespace {

/// kNotFound when one of its files is gone.
Result<LandPlan> plan_of(Catalog& catalog, ChunkStore& store, const Job& job) {
  ADIT_TRY(const auto chunks, catalog.list_chunks(job.id));
  LandPlan plan{stage_plan(job), {}};
  for (std::size_t place = 0; place < chunks.size(); ++place) {
    // Nobody knows for how long these files have lain there.
    ADIT_TRY(auto file, chunk_file(store, job, chunks[place], place, Timestamp::max()));
    plan.chunks.push_back(std::move(file));
  }
  return plan;
}

}  // namespace

Result<std::vector<LandPlan>> missing_landings(Catalog& catalog, ChunkStore& store, PoolId pool,
                                               const std::unordered_set<JobId>& landed) {
  ADIT_TRY(const auto jobs, catalog.list_landed_jobs(pool));
  std::vector<LandPlan> missing;
  for (const auto& job : jobs) {
    if (landed.contains(job.id)) continue;
    auto plan = plan_of(catalog, store, job);
    if (!plan && plan.error().kind == ErrorKind::kNotFound) {
      // The other jobs of the pool are worth more than an order that can't be had any more.
      log::error("a job's rows are lost: the pool has no mark of it and its chunk files are gone",
                 {{"pool", pool}, {"job", job.id}, {"detail", plan.error().internal_detail}});
      continue;
    }
    if (!plan) return std::move(plan).error();
    missing.push_back(*std::move(plan));
  }
  return missing;
}

}  // namespace adit
