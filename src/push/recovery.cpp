#include "push/recovery.h"

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/log.h"

namespace adit {

namespace fs = std::filesystem;

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

/// Some 2.4 MB of what an engine is told at a time.
constexpr std::uint64_t kLandedAtOnce = 100'000;

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

Result<void> set_unknown_pools_aside(Catalog& catalog, const fs::path& pools, const Clock& clock) {
  ADIT_TRY(const auto deleted, catalog.list_deleted_pools());
  std::vector<fs::path> unknown;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(pools, error)) {
    const auto pool = PoolId::parse(entry.path().filename().string());
    // The end of a deleted one goes on by itself.
    if (!pool || std::ranges::find(deleted, *pool) != deleted.end()) continue;
    ADIT_TRY(const auto use, catalog.find_disk_use(*pool));
    if (!use) unknown.push_back(entry.path());
  }
  for (const auto& folder : unknown) {
    const auto aside =
        folder.string() + std::string(kUnknownPoolMark) + std::to_string(to_epoch_ms(clock.now()));
    fs::rename(folder, aside, error);
    if (error) {
      log::error("the folder of a pool that the catalog does not know could not be set aside",
                 {{"folder", folder.string()}, {"detail", error.message()}});
    } else {
      log::warning("the folder of a pool that the catalog does not know is set aside", {{"folder", aside}});
    }
  }
  return unknown.empty() ? Result<void>() : sync_folder(pools);
}

Result<void> pool_may_open(Catalog& catalog, PoolId pool) {
  ADIT_TRY(const auto use, catalog.find_disk_use(pool));
  if (!use) return not_found("The data pool has been deleted.");
  return {};
}

Result<std::optional<LandPlan>> plan_again(Catalog& catalog, ChunkStore& store, PoolId pool, JobId job) {
  ADIT_TRY(const auto found, catalog.find_job(pool, job, true));
  if (!found) return std::optional<LandPlan>();
  auto plan = plan_of(catalog, store, *found);
  if (!plan && plan.error().kind == ErrorKind::kNotFound) {
    // The other jobs of the pool are worth more than an order that can't be had any more.
    log::error("a job's rows are lost: the pool has no mark of it and its chunk files are gone",
               {{"pool", pool}, {"job", job}, {"detail", plan.error().internal_detail}});
    return std::optional<LandPlan>();
  }
  if (!plan) return std::move(plan).error();
  return std::optional(*std::move(plan));
}

LandingBook landing_book(Catalog& catalog, ChunkStore& store) {
  return {
      .landed = [&catalog](
                    PoolId pool,
                    std::int64_t after) { return catalog.list_landed_jobs(pool, after, kLandedAtOnce); },
      .plan = [&catalog, &store](PoolId pool, JobId job) { return plan_again(catalog, store, pool, job); }};
}

}  // namespace adit
