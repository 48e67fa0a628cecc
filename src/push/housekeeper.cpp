#include "push/housekeeper.h"

#include <unordered_map>

#include "base/log.h"

namespace adit {

Housekeeper::Housekeeper(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, LandQueue& landings,
                         PoolRemoval& removal, const Clock& clock, Metrics& metrics,
                         HousekeeperOptions options)
    : catalog_(catalog),
      store_(store),
      warehouse_(warehouse),
      landings_(landings),
      removal_(removal),
      clock_(clock),
      metrics_(metrics),
      options_(options),
      thread_([this] { work(); }) {}

Housekeeper::~Housekeeper() { stop(); }

void Housekeeper::stop() {
  *stopped_.lock() = true;
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Housekeeper::work() {
  auto next_expiry = std::chrono::steady_clock::now();
  for (;;) {
    landings_.interrupt_canceled();
    if (const auto finished = removal_.finish(); !finished)
      log::error("a deleted pool could not be removed", {{"detail", finished.error().internal_detail}});
    const auto queued = catalog_.count_jobs(JobStatus::kQueued);
    const auto running = catalog_.count_jobs(JobStatus::kRunning);
    if (queued && running) metrics_.jobs_queued.Set(static_cast<double>(*queued + *running));
    if (std::chrono::steady_clock::now() >= next_expiry) {
      next_expiry = std::chrono::steady_clock::now() + options_.expiry_interval;
      const auto expired = expire();
      if (!expired)
        log::error("not everything could be expired", {{"detail", expired.error().internal_detail}});
      if (expired && *expired > 0) log::info("chunk files expired", {{"jobs", *expired}});
    }
    auto stopped = stopped_.lock();
    if (changed_.wait_for(stopped.unique_lock(), options_.cancel_interval, [&] { return *stopped; })) return;
  }
}

Result<std::uint64_t> Housekeeper::expire() {
  ADIT_CHECK(catalog_.forget_requests(clock_.now() - RequestTimes().remembered));
  ADIT_TRY(const auto jobs,
           catalog_.list_expired_jobs(clock_.now() - options_.chunk_retention, options_.jobs_per_expiry_max));
  std::uint64_t expired = 0;
  std::unordered_map<PoolId, bool> checkpointed;
  for (const auto& job : jobs) {
    if (job.status == JobStatus::kDone && !checkpointed.contains(job.pool)) {
      const auto passed = warehouse_.checkpoint(job.pool);
      if (!passed)
        log::info("chunk files are kept: no checkpoint",
                  {{"pool", job.pool}, {"reason", passed.error().public_message}});
      checkpointed[job.pool] = passed.ok();
    }
    if (job.status == JobStatus::kDone && !checkpointed[job.pool]) continue;
    ADIT_CHECK(store_.remove_job(job.pool, job.id));
    ADIT_CHECK(warehouse_.discard(job.pool, job.id));
    ADIT_CHECK(catalog_.forget_chunk_files(job.id));
    ++expired;
  }
  return expired;
}

}  // namespace adit
