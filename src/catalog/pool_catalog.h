// Pools and their data sources, as the catalog keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/pool.h"
#include "model/team.h"

namespace adit {

struct PoolPage {
  std::vector<Pool> pools;
  std::uint64_t total = 0;
};

/// Where tables are grouped; for calls, threads and errors see Catalog.
class PoolCatalog {
 public:
  virtual ~PoolCatalog() = default;

  // Pools.
  /// With the grants that come with it. kConflict: the id is taken.
  virtual Result<void> insert_pool(const Pool& pool, const std::vector<Grant>& grants = {}) = 0;
  virtual Result<std::optional<Pool>> find_pool(TeamId team, PoolId pool) = 0;
  virtual Result<std::vector<Pool>> list_pools(TeamId team) = 0;  ///< oldest first
  /// One page of the same list, and how many pools there are in all.
  virtual Result<PoolPage> list_pools(TeamId team, std::uint64_t limit, std::uint64_t offset) = 0;
  /// Writes name and description. False: there is no such pool.
  virtual Result<bool> update_pool(const Pool& pool) = 0;
  /// Hides a pool for good and cancels its NEW jobs; returns those. kNotFound; kConflict with their names
  /// while jobs are QUEUED or RUNNING. From then on the pool is among list_deleted_pools() until
  /// erase_pool().
  virtual Result<std::vector<JobId>> delete_pool(TeamId team, PoolId pool, Timestamp at) = 0;
  virtual Result<std::vector<PoolId>> list_deleted_pools() = 0;
  /// Forgets a part of a deleted pool: at most `jobs_max` jobs, and not many more chunks than one transaction
  /// should remove; with its last job the pool and all else that is in it. Returns whether more is left. Any
  /// other pool is left alone; nothing there is no error. Relaxed durability.
  virtual Result<bool> erase_pool(PoolId pool, std::uint64_t jobs_max) = 0;

  // Data sources.
  /// kConflict: the id, or in this pool the name whatever its case, is taken.
  virtual Result<void> insert_data_source(const DataSource& source) = 0;
  virtual Result<std::optional<DataSource>> find_data_source(PoolId pool, DataSourceId source) = 0;
  virtual Result<std::vector<DataSource>> list_data_sources(PoolId pool) = 0;  ///< oldest first
  /// kConflict, naming them, while jobs into the data source's tables are NEW, QUEUED or RUNNING. Else the
  /// greatest execute_order of its jobs, 0 without any: who looks at its tables afterwards can then say
  /// whether a job has come since.
  virtual Result<std::int64_t> check_data_source_idle(PoolId pool, DataSourceId source) = 0;
  /// Removes a data source; false: there was none. kConflict as check_data_source_idle(), and if a job into
  /// it has been executed since that returned `last_order`. No job can be created into it any more.
  virtual Result<bool> delete_data_source(PoolId pool, DataSourceId source, std::int64_t last_order) = 0;
};

}  // namespace adit
