// PoolRemoval: the end of a data pool, with everything in it.
#pragma once

#include <atomic>

#include "base/clock.h"
#include "base/guarded.h"
#include "catalog/catalog.h"
#include "chunks/chunk_store.h"
#include "push/stage_queue.h"
#include "warehouse/warehouse.h"

namespace adit {

/// A pool ends in two steps. The first is one transaction of the catalog: the pool is hidden and its NEW jobs
/// are canceled, so that nothing new begins. The second removes the engine's files, then the chunks, and the
/// catalog's rows at last; whatever ends it in the middle, finish() does the rest, since the rows are still
/// there. Thread-safe; calls block.
class PoolRemoval {
 public:
  PoolRemoval(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, StageQueue& stages,
              const Clock& clock)
      : catalog_(catalog), store_(store), warehouse_(warehouse), stages_(stages), clock_(clock) {}

  /// kNotFound; kConflict, naming them, while jobs of the pool are QUEUED or RUNNING. Once it has succeeded
  /// the pool is gone for every caller; what could not be removed at once is left to finish().
  Result<void> remove(TeamId team, PoolId pool);
  /// Removes what is left of all deleted pools. The housekeeper asks for it, from the start of the process
  /// on.
  Result<void> finish();
  /// Ends what is under way soon, and for good: the next start goes on with it.
  void stop() { stopped_ = true; }

 private:
  Result<void> finish(PoolId pool);

  Catalog& catalog_;
  ChunkStore& store_;
  Warehouse& warehouse_;
  StageQueue& stages_;
  const Clock& clock_;
  struct OneAtATime {};
  Guarded<OneAtATime> removing_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace adit
