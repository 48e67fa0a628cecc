// TableChanges: drop, truncate and delete by predicate, in the line of their table.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "push/land_queue.h"
#include "warehouse/warehouse.h"

namespace adit {

/// A change is a job without chunks: it gets the next place in the order of execute, lands when all earlier
/// jobs of its table have ended, writes a landing mark, and is landed again, in its place among the pushes,
/// when the repair of a pool finds that mark missing. So it can't cross a running job, and no repair undoes
/// it. Thread-safe; calls block.
class TableChanges {
 public:
  TableChanges(Catalog& catalog, Warehouse& warehouse, LandQueue& landings, const Clock& clock,
               std::chrono::milliseconds wait_max)
      : catalog_(catalog), warehouse_(warehouse), landings_(landings), clock_(clock), wait_max_(wait_max) {}

  /// `source`: the connection whose table it is; nullopt for a global one. Queues the change and waits for
  /// its end, up to the limit, or not at all while as many wait as may: then it returns the job as it is and
  /// the change goes on. kNotFound for the table, kInvalid for the predicate: nothing is queued.
  Result<Job> apply(PoolId pool, const std::optional<DataSource>& source, const std::string& table,
                    TableChange change, const std::optional<JobCreator>& creator = {});
  /// kNotFound; also for a push job.
  Result<Job> get(PoolId pool, JobId change);
  /// Ends a change that has not been made yet. kConflict when it has ended already. kUnavailable where its
  /// end is not known in time: it is asked to end all the same, and who asks again learns what became of it.
  Result<Job> cancel(PoolId pool, JobId change);

 private:
  Catalog& catalog_;
  Warehouse& warehouse_;
  LandQueue& landings_;
  const Clock& clock_;
  const std::chrono::milliseconds wait_max_;
};

}  // namespace adit
