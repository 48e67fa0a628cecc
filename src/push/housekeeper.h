// Housekeeper: what has to be looked at again and again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "chunks/chunk_store.h"
#include "push/disk_quotas.h"
#include "push/land_queue.h"
#include "push/pool_removal.h"
#include "warehouse/warehouse.h"

namespace adit {

struct HousekeeperOptions {
  std::chrono::hours chunk_retention{168};          ///< how long chunk files stay after their job has ended
  std::chrono::days audit_retention{0};             ///< how long the audit log goes back; 0: for ever
  std::chrono::milliseconds cancel_interval{1000};  ///< between looks for jobs that another process canceled
  std::chrono::milliseconds expiry_interval{600'000};
  std::uint64_t jobs_per_expiry_max = 1000;
  std::uint64_t audit_entries_at_once_max = 10'000;  ///< in one transaction, which others wait for
  /// How long a NEW job may stay without a chunk and an execute; 0 is for ever.
  std::chrono::hours abandoned_job_retention{30 * 24};
  /// How long jobs are remembered after their end; 0 is for ever. Never shorter than their chunk files stay.
  std::chrono::hours history_retention{400 * 24};
  std::uint64_t jobs_forgotten_max = 10'000;  ///< in one expiry
  /// How long events are kept for streams that go on after a break, and how many at most; 0 hours is for
  /// ever.
  std::chrono::hours event_retention{7 * 24};
  std::int64_t events_kept_max = 1'000'000;
  std::uint64_t events_forgotten_max = 200'000;  ///< in one expiry
  std::uint64_t tokens_per_expiry_max = 10'000;  ///< of each kind of thing that OAuth leaves
};

/// What an expiry has done.
struct Expired {
  std::uint64_t jobs = 0;      ///< so many lost their chunk files
  std::optional<Error> error;  ///< the first, of what it did not get done
};

/// Lifecycle: works from construction to stop(). One thread of its own.
class Housekeeper {
 public:
  Housekeeper(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, LandQueue& landings,
              PoolRemoval& removal, DiskQuotas& quotas, const Clock& clock, Metrics& metrics,
              HousekeeperOptions options);
  ~Housekeeper();
  void stop();
  /// Cancels jobs that nobody goes on with; forgets idempotency keys, jobs and entries of the audit log whose
  /// time is over. What one of these fails at keeps none of the others. A pool that can't be opened is passed
  /// over, and the log says so: that is no error. Removes the chunk files of jobs that ended longer ago than
  /// the retention time; those of landed jobs only after a checkpoint of their pool has succeeded since.
  Expired expire();
  /// Waits for an expiry under way; the next one comes after the lock is given back. Chunk files of landed
  /// jobs stay meanwhile.
  std::unique_lock<std::mutex> hold_expiry() { return std::unique_lock(expiring_); }

 private:
  void work();
  /// When to look again. Soon where somebody holds it back, or where more is left than is removed at once.
  std::chrono::steady_clock::time_point try_to_expire();
  Result<void> expire_audit();
  Result<void> cancel_abandoned(ExpiryExceptions& passed_over);
  Result<void> forget_history();
  Result<void> forget_events();
  /// Counts the jobs that lost their files, also where it fails then.
  Result<void> expire_chunk_files(ExpiryExceptions& passed_over, std::uint64_t& jobs);
  /// A job's chunk files, and what was staged of it.
  Result<void> remove_files(const Job& job);
  /// Whether the chunk files of the pool's landed jobs may go.
  bool passes_checkpoint(PoolId pool, std::set<PoolId>& passed, ExpiryExceptions& passed_over);

  Catalog& catalog_;
  ChunkStore& store_;
  Warehouse& warehouse_;
  LandQueue& landings_;
  PoolRemoval& removal_;
  DiskQuotas& quotas_;
  const Clock& clock_;
  Metrics& metrics_;
  const HousekeeperOptions options_;
  std::condition_variable changed_;
  Guarded<bool> stopped_;
  std::mutex expiring_;
  std::thread thread_;
};

}  // namespace adit
