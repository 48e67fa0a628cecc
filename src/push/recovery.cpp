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

Result<std::vector<LandPlan>> missing_landings(Catalog& catalog, ChunkStore& store, PoolId pool,
                                               const std::unordered_set<JobId>& landed) {
  ADIT_TRY(const auto jobs, catalog.list_landed_jobs(pool));
  std::vector<LandPlan> missing;
  for (const auto& job : jobs) {
    if (landed.contains(job.id)) continue;
    ADIT_TRY(const auto chunks, catalog.list_chunks(job.id));
    LandPlan plan{stage_plan(job), {}};
    for (std::size_t place = 0; place < chunks.size(); ++place) {
      ADIT_TRY(auto file, chunk_file(store, job, chunks[place], place));
      plan.chunks.push_back(std::move(file));
    }
    missing.push_back(std::move(plan));
  }
  return missing;
}

}  // namespace adit
