// Housekeeper: what has to be looked at again and again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "chunks/chunk_store.h"
#include "push/land_queue.h"
#include "push/pool_removal.h"
#include "warehouse/warehouse.h"

namespace adit {

struct HousekeeperOptions {
  std::chrono::hours chunk_retention{168};          ///< how long chunk files stay after their job has ended
  std::chrono::milliseconds cancel_interval{1000};  ///< between looks for jobs that another process canceled
  std::chrono::milliseconds expiry_interval{600'000};
  std::uint64_t jobs_per_expiry_max = 1000;
};

/// Lifecycle: works from construction to stop(). One thread of its own.
class Housekeeper {
 public:
  Housekeeper(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, LandQueue& landings,
              PoolRemoval& removal, const Clock& clock, Metrics& metrics, HousekeeperOptions options);
  ~Housekeeper();
  void stop();
  /// Forgets idempotency keys whose time is over. Removes the chunk files of jobs that ended longer ago than
  /// the retention time; those of landed jobs only after a checkpoint of their pool has succeeded since.
  /// Returns how many jobs lost their files.
  Result<std::uint64_t> expire();

 private:
  void work();

  Catalog& catalog_;
  ChunkStore& store_;
  Warehouse& warehouse_;
  LandQueue& landings_;
  PoolRemoval& removal_;
  const Clock& clock_;
  Metrics& metrics_;
  const HousekeeperOptions options_;
  std::condition_variable changed_;
  Guarded<bool> stopped_;
  std::thread thread_;
};

}  // namespace adit
