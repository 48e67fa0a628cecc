#include "push/housekeeper.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/log.h"

namespace adit {
namespace {

/// So many jobs leave the catalog in one transaction at most: pushes wait behind it.
constexpr std::uint64_t kJobsForgottenAtOnce = 500;
constexpr std::uint64_t kEventsForgottenAtOnce = 5000;

std::string duration_text(std::chrono::hours time) {
  const auto hours = time.count();
  if (hours % 24 != 0) return std::to_string(hours) + (hours == 1 ? " hour" : " hours");
  return std::to_string(hours / 24) + (hours == 24 ? " day" : " days");
}

void pass_over(PoolId pool, const Error& error, ExpiryExceptions& passed_over) {
  log::error("what has expired in a pool stays until the next time",
             {{"pool", pool}, {"reason", error.public_message}, {"detail", error.internal_detail}});
  passed_over.pools.insert(pool);
}

}  // namespace

Housekeeper::Housekeeper(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, LandQueue& landings,
                         PoolRemoval& removal, DiskQuotas& quotas, const Clock& clock, Metrics& metrics,
                         HousekeeperOptions options)
    : catalog_(catalog),
      store_(store),
      warehouse_(warehouse),
      landings_(landings),
      removal_(removal),
      quotas_(quotas),
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
    quotas_.look_at_changed();
    const auto queued = catalog_.count_jobs(JobStatus::kQueued);
    const auto running = catalog_.count_jobs(JobStatus::kRunning);
    if (queued && running) metrics_.jobs_queued.Set(static_cast<double>(*queued + *running));
    if (std::chrono::steady_clock::now() >= next_expiry) next_expiry = try_to_expire();
    auto stopped = stopped_.lock();
    if (changed_.wait_for(stopped.unique_lock(), options_.cancel_interval, [&] { return *stopped; })) return;
  }
}

std::chrono::steady_clock::time_point Housekeeper::try_to_expire() {
  const std::unique_lock expiring(expiring_, std::try_to_lock);
  if (!expiring) return std::chrono::steady_clock::now();
  const auto expired = expire();
  if (expired.error)
    log::error("not everything could be expired", {{"detail", expired.error->internal_detail}});
  if (expired.jobs > 0) log::info("chunk files expired", {{"jobs", expired.jobs}});
  // Not by an error elsewhere: chunks would come faster than they go, until the disk is full.
  const bool more = expired.jobs >= options_.jobs_per_expiry_max;
  return std::chrono::steady_clock::now() + (more ? std::chrono::milliseconds(0) : options_.expiry_interval);
}

Result<void> Housekeeper::expire_audit() {
  if (options_.audit_retention.count() == 0) return {};
  const auto before = clock_.now() - options_.audit_retention;
  for (std::uint64_t gone = options_.audit_entries_at_once_max; gone == options_.audit_entries_at_once_max;) {
    ADIT_TRY(gone, catalog_.forget_audit(before, options_.audit_entries_at_once_max));
    if (*stopped_.lock()) break;
  }
  return {};
}

Expired Housekeeper::expire() {
  // Each for itself: what is never expired grows until the disk is full.
  Expired expired;
  const auto note = [&](const auto& result) {
    if (!result && !expired.error) expired.error = result.error();
  };
  ExpiryExceptions passed_over;
  note(catalog_.forget_requests(clock_.now() - RequestTimes().remembered));
  note(expire_audit());
  note(cancel_abandoned(passed_over));
  note(expire_chunk_files(passed_over, expired.jobs));
  note(forget_history());
  note(forget_events());
  note(catalog_.forget_tokens(clock_.now() - kTokenTraces, options_.tokens_per_expiry_max));
  return expired;
}

Result<void> Housekeeper::cancel_abandoned(ExpiryExceptions& passed_over) {
  if (options_.abandoned_job_retention.count() == 0) return {};
  const auto now = clock_.now();
  const auto line = "Canceled: for " + duration_text(options_.abandoned_job_retention) +
                    " it got no chunk and was not executed.";
  ADIT_TRY(const auto jobs, catalog_.cancel_abandoned_jobs(now - options_.abandoned_job_retention, now, line,
                                                           options_.jobs_per_expiry_max));
  for (const auto& job : jobs) {
    metrics_.jobs_finished.Add({{"status", std::string(to_string(job.status))}}).Increment();
    // They are canceled all the same, and discarded once more when their chunk files expire.
    if (passed_over.pools.contains(job.pool)) continue;
    if (const auto discarded = warehouse_.discard(job.pool, job.id); !discarded)
      pass_over(job.pool, discarded.error(), passed_over);
  }
  if (!jobs.empty()) log::info("abandoned jobs canceled", {{"jobs", jobs.size()}});
  return {};
}

Result<void> Housekeeper::forget_history() {
  if (options_.history_retention.count() == 0) return {};
  const auto before = clock_.now() - options_.history_retention;
  std::uint64_t forgotten = 0;
  do {
    const auto most = std::min(kJobsForgottenAtOnce, options_.jobs_forgotten_max - forgotten);
    ADIT_TRY(const auto jobs, catalog_.forget_history(before, most));
    if (jobs == 0) break;
    forgotten += jobs;
  } while (forgotten < options_.jobs_forgotten_max && !*stopped_.lock());
  if (forgotten > 0) log::info("jobs forgotten", {{"jobs", forgotten}});
  return {};
}

Result<void> Housekeeper::forget_events() {
  const bool for_ever = options_.event_retention.count() == 0;
  const auto before = for_ever ? Timestamp::min() : clock_.now() - options_.event_retention;
  std::uint64_t forgotten = 0;
  do {
    ADIT_TRY(const auto events,
             catalog_.forget_events(before, options_.events_kept_max, kEventsForgottenAtOnce));
    if (events == 0) return {};
    forgotten += events;
  } while (forgotten < options_.events_forgotten_max && !*stopped_.lock());
  return {};
}

bool Housekeeper::passes_checkpoint(PoolId pool, std::set<PoolId>& passed, ExpiryExceptions& passed_over) {
  if (passed.contains(pool)) return true;
  if (passed_over.landed_of.contains(pool)) return false;
  const auto checkpoint = warehouse_.checkpoint(pool);
  if (checkpoint) {
    passed.insert(pool);
    return true;
  }
  log::info("chunk files are kept: no checkpoint",
            {{"pool", pool}, {"reason", checkpoint.error().public_message}});
  passed_over.landed_of.insert(pool);
  return false;
}

Result<void> Housekeeper::expire_chunk_files(ExpiryExceptions& passed_over, std::uint64_t& expired) {
  const auto before = clock_.now() - options_.chunk_retention;
  const auto most = options_.jobs_per_expiry_max;
  std::set<PoolId> checkpointed;
  bool filled = false;
  do {
    ADIT_TRY(const auto jobs, catalog_.list_expired_jobs(before, most - expired, passed_over));
    filled = jobs.size() == most - expired;
    for (const auto& job : jobs) {
      if (passed_over.pools.contains(job.pool)) continue;
      if (job.status == JobStatus::kDone && !passes_checkpoint(job.pool, checkpointed, passed_over)) continue;
      if (const auto removed = remove_files(job); !removed) {
        pass_over(job.pool, removed.error(), passed_over);
        continue;
      }
      ADIT_CHECK(catalog_.forget_chunk_files(job.id));
      ++expired;
    }
    // A list full of what is passed over hides the others: it is asked for again without.
  } while (filled && expired < most && !*stopped_.lock());
  return {};
}

Result<void> Housekeeper::remove_files(const Job& job) {
  ADIT_CHECK(store_.remove_job(job.pool, job.id));
  return warehouse_.discard(job.pool, job.id);
}

}  // namespace adit
