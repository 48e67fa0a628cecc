#include "warehouse/duckdb/job_work.h"

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "formats/names.h"
#include "warehouse/duckdb/lander.h"
#include "warehouse/duckdb/marks.h"
#include "warehouse/duckdb/stager.h"
#include "warehouse/duckdb/table_change.h"

namespace adit {
namespace {

constexpr int kAttemptsMax = 5;
constexpr std::chrono::milliseconds kConflictPause{10};

/// Runs `work` again while it meets other transactions.
template <class Work>
auto retry_conflicts(const Activity& activity, Work work) -> decltype(work()) {
  for (int attempt = 1;; ++attempt) {
    auto result = work();
    if (result || result.error().kind != ErrorKind::kConflict || attempt == kAttemptsMax) return result;
    ADIT_CHECK(activity.check());
    std::this_thread::sleep_for(kConflictPause * attempt);
  }
}

/// Whether exactly these chunks are staged.
bool staged_completely(const JobStage& stage, const std::vector<ChunkFile>& chunks) {
  if (stage.marks.size() != chunks.size()) return false;
  return std::ranges::all_of(chunks, [&](const auto& chunk) {
    const auto mark = stage.marks.find(chunk.position);
    return mark != stage.marks.end() && mark->second.chunk == chunk.id;
  });
}

/// Rows of chunks that are not the job's (any more) can't be told apart from the others.
bool has_foreign_chunks(const JobStage& stage, const std::vector<ChunkFile>& chunks) {
  return std::ranges::any_of(stage.marks, [&](const auto& entry) {
    return std::ranges::none_of(chunks, [&](const auto& chunk) {
      return chunk.position == entry.first && chunk.id == entry.second.chunk;
    });
  });
}

}  // namespace

Result<StagedChunk> JobWork::stage(const StagePlan& plan, const ChunkFile& chunk, std::stop_token stop) {
  ADIT_CHECK(check_table_name(plan.spec.target_name));
  const auto job_stage = pool_.job_stage(plan.job);
  const std::scoped_lock lock(job_stage->mutex);
  ADIT_TRY(auto connection, pool_.borrow());
  Activity activity(interrupter_, *connection, plan.pool, plan.job, std::move(stop));
  ADIT_CHECK(activity.check());
  return retry_conflicts(activity,
                         [&] { return Stager(pool_, *connection, activity, plan, *job_stage).stage(chunk); });
}

Result<Landing> JobWork::land(const LandPlan& plan, std::stop_token stop) {
  ADIT_CHECK(check_table_name(plan.stage.spec.target_name));
  const auto job_stage = pool_.job_stage(plan.stage.job);
  const std::scoped_lock lock(job_stage->mutex);
  ADIT_TRY(auto connection, pool_.borrow());
  // A landing ends with the staged rows: where there are some, there is no mark.
  if (!job_stage->loaded || (!job_stage->table_exists && job_stage->held.empty())) {
    ADIT_TRY(auto mark, find_landing(*connection, plan.stage.job));
    if (mark) return std::move(*mark);
  }
  if (plan.stage.spec.change) return change(plan.stage, *connection, stop);
  if (plan.chunks.empty()) return invalid("The job has no chunk.");

  Activity activity(interrupter_, *connection, plan.stage.pool, plan.stage.job, stop);
  ADIT_CHECK(stage_missing(plan, *connection, activity, *job_stage));
  ADIT_TRY(const auto table, pool_.lock_table(plan.stage.spec.target_name, stop));
  auto landing = land_staged(plan, *connection, activity, *job_stage);
  if (landing) pool_.forget_job_stage(plan.stage.job);
  return landing;
}

Result<Landing> JobWork::change(const StagePlan& plan, Connection& connection, const std::stop_token& stop) {
  Activity activity(interrupter_, connection, plan.pool, plan.job, stop);
  ADIT_TRY(const auto table, pool_.lock_table(plan.spec.target_name, stop));
  return retry_conflicts(activity,
                         [&] { return change_table(pool_, connection, activity, plan, clock_.now()); });
}

Result<void> JobWork::stage_missing(const LandPlan& plan, Connection& connection, Activity& activity,
                                    JobStage& stage) {
  auto chunks = plan.chunks;
  std::ranges::sort(chunks, {}, &ChunkFile::position);
  // A chunk that finds others staged out of their order throws all away: then those before it come again.
  constexpr int kRoundsMax = 3;
  for (int round = 0; round < kRoundsMax; ++round) {
    ADIT_CHECK(activity.check());
    if (stage.loaded && staged_completely(stage, chunks)) return {};
    ADIT_CHECK(stage_all(plan, chunks, connection, activity, stage));
    if (has_foreign_chunks(stage, chunks)) {
      ADIT_CHECK(Stager(pool_, connection, activity, plan.stage, stage).discard());
    }
  }
  if (staged_completely(stage, chunks)) return {};
  return internal("a job's chunks could not be staged together");
}

Result<void> JobWork::stage_all(const LandPlan& plan, const std::vector<ChunkFile>& chunks,
                                Connection& connection, Activity& activity, JobStage& stage) {
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    ADIT_TRY(const auto staged, retry_conflicts(activity, [&] {
               return Stager(pool_, connection, activity, plan.stage, stage).stage(chunks[i]);
             }));
    if (i == 0 && has_foreign_chunks(stage, chunks)) return {};
    if (staged.errors.empty()) continue;
    return invalid("Chunk " + std::to_string(i + 1) + " (" + chunks[i].id.to_string() +
                   "): " + staged.errors.front().message);
  }
  return {};
}

Result<Landing> JobWork::land_staged(const LandPlan& plan, Connection& connection, Activity& activity,
                                     JobStage& stage) {
  const auto lander = [&] { return Lander(pool_, connection, activity, plan.stage, stage); };
  return retry_conflicts(activity, [&]() -> Result<Landing> {
    auto first = lander();
    ADIT_TRY(const bool fits, first.staged_for_table());
    if (fits) return first.land(clock_.now());
    ADIT_CHECK(Stager(pool_, connection, activity, plan.stage, stage).discard());
    ADIT_CHECK(stage_missing(plan, connection, activity, stage));
    auto second = lander();
    ADIT_TRY(const bool fits_now, second.staged_for_table());
    if (!fits_now) return internal("staged columns do not fit their table twice");
    return second.land(clock_.now());
  });
}

Result<void> JobWork::discard(JobId job) {
  const auto job_stage = pool_.job_stage(job);
  const std::scoped_lock lock(job_stage->mutex);
  ADIT_TRY(auto connection, pool_.borrow());
  const StagePlan plan{.pool = pool_.id(), .job = job, .spec = {}};
  Activity activity(interrupter_, *connection, pool_.id(), job, {});
  ADIT_CHECK(retry_conflicts(
      activity, [&] { return Stager(pool_, *connection, activity, plan, *job_stage).discard(); }));
  pool_.forget_job_stage(job);
  return {};
}

Result<std::optional<Landing>> JobWork::landed(JobId job) {
  ADIT_TRY(auto connection, pool_.borrow());
  return find_landing(*connection, job);
}

Result<std::unordered_set<JobId>> JobWork::all_landed() {
  ADIT_TRY(auto connection, pool_.borrow());
  return find_landed_jobs(*connection);
}

Result<void> repair(OpenPool& pool, Interrupter& interrupter, const Clock& clock,
                    const std::vector<LandPlan>& missing) {
  JobWork work(pool, interrupter, clock);
  for (const auto& plan : missing) {
    log::warning("warehouse.landing_missing", {{"pool", pool.id()}, {"job", plan.stage.job}});
    const auto landing = work.land(plan, {});
    if (landing) {
      log::warning("warehouse.landed_again",
                   {{"pool", pool.id()}, {"job", plan.stage.job}, {"rows", landing->rows}});
      continue;
    }
    const auto& error = landing.error();
    log::error("warehouse.repair_failed", {{"pool", pool.id()},
                                           {"job", plan.stage.job},
                                           {"reason", error.public_message},
                                           {"detail", error.internal_detail}});
    if (error.kind != ErrorKind::kInvalid) return error;
  }
  return {};
}

}  // namespace adit
