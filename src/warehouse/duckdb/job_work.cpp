#include "warehouse/duckdb/job_work.h"

#include <algorithm>
#include <set>
#include <thread>

#include "base/log.h"
#include "formats/names.h"
#include "warehouse/duckdb/landing_transaction.h"
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

std::string in_mirror(const std::string& table) { return "In the mirror \"" + table + "\": "; }

}  // namespace

Result<std::vector<JobWork::TablePart>> JobWork::lock_parts(const StagePlan& plan) {
  std::vector<TablePart> parts;
  parts.push_back({.plan = plan, .stage = pool_.job_stage(plan.job)});
  const auto& mirrors = plan.spec.mirror_target_names;
  if (mirrors.size() > kMirrorsMax) return internal("a job has too many mirrors");
  for (std::size_t i = 0; i < mirrors.size(); ++i) {
    auto mirror = plan;
    mirror.job = mirror_stage_id(plan.job, i);
    mirror.spec.target_name = mirrors[i];
    auto stage = pool_.job_stage(mirror.job);
    parts.push_back({.plan = std::move(mirror), .stage = std::move(stage), .mirror = true});
  }
  for (auto& part : parts) {
    ADIT_CHECK(check_table_name(part.plan.spec.target_name));
    part.lock = std::unique_lock(part.stage->mutex);
  }
  return parts;
}

Result<SchemaUse> JobWork::enter_schema(std::vector<TablePart>& parts, Connection& connection) {
  ADIT_TRY(auto schema, pool_.schemas().use(connection, parts.front().plan.spec.schema));
  for (auto& part : parts) part.stage->schema = schema.name();
  return schema;
}

Result<StagedChunk> JobWork::stage(const StagePlan& plan, const ChunkFile& chunk, std::stop_token stop) {
  ADIT_TRY(auto parts, lock_parts(plan));
  ADIT_TRY(auto connection, pool_.borrow());
  ADIT_TRY(const auto schema, enter_schema(parts, *connection));
  Activity activity(interrupter_, *connection, plan.pool, plan.job, std::move(stop));
  ADIT_CHECK(activity.check());
  ADIT_TRY(auto staged, stage_part(parts.front(), chunk, *connection, activity));
  for (std::size_t i = 1; i < parts.size() && staged.errors.empty(); ++i) {
    ADIT_TRY(auto mirrored, stage_part(parts[i], chunk, *connection, activity));
    for (auto& error : mirrored.errors)
      error.message = in_mirror(parts[i].plan.spec.target_name) + error.message;
    staged.errors = std::move(mirrored.errors);
  }
  return staged;
}

Result<StagedChunk> JobWork::stage_part(TablePart& part, const ChunkFile& chunk, Connection& connection,
                                        Activity& activity) {
  return retry_conflicts(
      activity, [&] { return Stager(pool_, connection, activity, part.plan, *part.stage).stage(chunk); });
}

Result<Landing> JobWork::land(const LandPlan& plan, std::stop_token stop) {
  ADIT_TRY(auto parts, lock_parts(plan.stage));
  const auto& stage = *parts.front().stage;
  ADIT_TRY(auto connection, pool_.borrow());
  ADIT_TRY(const auto schema, enter_schema(parts, *connection));
  // A landing ends with the staged rows: where there are some, there is no mark.
  if (!stage.loaded || (!stage.table_exists && stage.held.empty())) {
    ADIT_TRY(auto mark, find_landing(*connection, plan.stage.job));
    if (mark) return std::move(*mark);
  }
  if (plan.stage.spec.change) return change(plan.stage, *connection, stop);
  if (plan.chunks.empty()) return invalid("The job has no chunk.");

  Activity activity(interrupter_, *connection, plan.stage.pool, plan.stage.job, stop);
  for (auto& part : parts) ADIT_CHECK(stage_missing(part, plan.chunks, *connection, activity));
  ADIT_TRY(const auto locks, lock_tables(parts, stop));
  auto landing = retry_conflicts(
      activity, [&] { return land_staged({plan.stage, {}}, parts, plan.chunks, *connection, activity); });
  if (landing) {
    for (const auto& part : parts) pool_.forget_job_stage(part.plan.job);
  }
  return landing;
}

Result<Landing> JobWork::change(const StagePlan& plan, Connection& connection, const std::stop_token& stop) {
  Activity activity(interrupter_, connection, plan.pool, plan.job, stop);
  ADIT_TRY(const auto table, pool_.lock_table(fold_table(plan.spec.target()), stop));
  return retry_conflicts(activity,
                         [&] { return change_table(pool_, connection, activity, plan, clock_.now()); });
}

/// In the order of their names, the same for all jobs: two that share tables can't wait for each other.
Result<std::vector<TableLock>> JobWork::lock_tables(const std::vector<TablePart>& parts,
                                                    const std::stop_token& stop) {
  std::set<TableKey> names;
  for (const auto& part : parts) names.insert(fold_table(part.plan.spec.target()));
  std::vector<TableLock> locks;
  for (const auto& name : names) {
    ADIT_TRY(auto lock, pool_.lock_table(name, stop));
    locks.push_back(std::move(lock));
  }
  return locks;
}

Result<void> JobWork::stage_missing(TablePart& part, std::vector<ChunkFile> chunks, Connection& connection,
                                    Activity& activity) {
  auto& stage = *part.stage;
  std::ranges::sort(chunks, {}, &ChunkFile::position);
  // A chunk that finds others staged out of their order throws all away: then those before it come again.
  constexpr int kRoundsMax = 3;
  for (int round = 0; round < kRoundsMax; ++round) {
    ADIT_CHECK(activity.check());
    if (stage.loaded && staged_completely(stage, chunks)) return {};
    ADIT_CHECK(stage_all(part, chunks, connection, activity));
    if (has_foreign_chunks(stage, chunks)) {
      ADIT_CHECK(Stager(pool_, connection, activity, part.plan, stage).discard());
    }
  }
  if (staged_completely(stage, chunks)) return {};
  return internal("a job's chunks could not be staged together");
}

Result<void> JobWork::stage_all(TablePart& part, const std::vector<ChunkFile>& chunks, Connection& connection,
                                Activity& activity) {
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    ADIT_TRY(const auto staged, stage_part(part, chunks[i], connection, activity));
    if (i == 0 && has_foreign_chunks(*part.stage, chunks)) return {};
    if (staged.errors.empty()) continue;
    const auto mirror = part.mirror ? in_mirror(part.plan.spec.target_name) : std::string();
    return invalid("Chunk " + std::to_string(i + 1) + " (" + chunks[i].id.to_string() + "): " + mirror +
                   staged.errors.front().message);
  }
  return {};
}

Result<Landing> JobWork::land_staged(LandingParts landing, std::vector<TablePart>& parts,
                                     const std::vector<ChunkFile>& chunks, Connection& connection,
                                     Activity& activity) {
  landing.tables.reserve(parts.size());
  for (auto& part : parts) {
    const auto lander = [&] { return Lander(pool_, connection, activity, part.plan, *part.stage); };
    auto first = lander();
    ADIT_TRY(const bool fits, first.staged_for_table());
    if (fits) {
      landing.tables.push_back(std::move(first));
      continue;
    }
    ADIT_CHECK(Stager(pool_, connection, activity, part.plan, *part.stage).discard());
    ADIT_CHECK(stage_missing(part, chunks, connection, activity));
    landing.tables.push_back(lander());
    ADIT_TRY(const bool fits_now, landing.tables.back().staged_for_table());
    if (const auto& misfit = landing.tables.back().misfit(); !misfit.empty()) return invalid(misfit);
    if (!fits_now) return internal("staged columns do not fit their table twice");
  }
  return land_together(pool_, connection, activity, std::move(landing), clock_.now());
}

Result<void> JobWork::discard(JobId job) {
  ADIT_CHECK(discard_part(job));
  for (std::size_t i = 0; i < kMirrorsMax; ++i) {
    const auto mirror = mirror_stage_id(job, i);
    if (pool_.has_job_stage(mirror)) ADIT_CHECK(discard_part(mirror));
  }
  return {};
}

Result<void> JobWork::discard_part(JobId job) {
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

namespace {

/// An error that is not the job's own is returned.
Result<void> land_again(OpenPool& pool, JobWork& work, const LandPlan& plan) {
  log::warning("warehouse.landing_missing", {{"pool", pool.id()}, {"job", plan.stage.job}});
  const auto landing = work.land(plan, {});
  if (landing) {
    log::warning("warehouse.landed_again",
                 {{"pool", pool.id()}, {"job", plan.stage.job}, {"rows", landing->rows}});
    return {};
  }
  const auto& error = landing.error();
  log::error("warehouse.repair_failed", {{"pool", pool.id()},
                                         {"job", plan.stage.job},
                                         {"reason", error.public_message},
                                         {"detail", error.internal_detail}});
  if (error.kind != ErrorKind::kInvalid) return error;
  return {};
}

Result<std::vector<JobId>> unmarked(OpenPool& pool, std::span<const JobPlace> jobs) {
  ADIT_TRY(auto connection, pool.borrow());
  return find_unmarked(*connection, jobs);
}

}  // namespace

Result<void> repair(OpenPool& pool, Interrupter& interrupter, const Clock& clock, const LandingBook& book) {
  JobWork work(pool, interrupter, clock);
  for (std::int64_t after = 0;;) {
    ADIT_TRY(const auto jobs, book.landed(pool.id(), after));
    if (jobs.empty()) return {};
    after = jobs.back().execute_order;
    ADIT_TRY(const auto missing, unmarked(pool, jobs));
    for (const auto job : missing) {
      ADIT_TRY(const auto plan, book.plan(pool.id(), job));
      if (plan) ADIT_CHECK(land_again(pool, work, *plan));
    }
  }
}

}  // namespace adit
