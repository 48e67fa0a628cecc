// What pools may use of the disk and what they use, as the catalog keeps it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/disk_quota.h"

namespace adit {

/// Disk quotas. The bytes of chunk files change in the transactions that enter and forget them; those of
/// tables are written down by who looks at the engine's files. For calls, threads and errors see Catalog.
class DiskCatalog {
 public:
  virtual ~DiskCatalog() = default;

  /// False: there is no such pool.
  virtual Result<bool> set_disk_quota(TeamId team, PoolId pool, const DiskQuota& quota) = 0;
  /// Nothing for a pool that is not there.
  virtual Result<std::optional<DiskUse>> find_disk_use(PoolId pool) = 0;
  virtual Result<std::vector<DiskUse>> list_disk_use(TeamId team) = 0;
  /// Pools whose tables may have changed since somebody looked at their size.
  virtual Result<std::vector<DiskUse>> list_changed_pools(std::uint64_t limit) = 0;
  /// What a look found that began when DiskUse::table_changes was `table_changes`; it counts unless a look
  /// that began later has been recorded. Relaxed durability.
  virtual Result<void> record_table_bytes(PoolId pool, std::uint64_t bytes, std::int64_t table_changes) = 0;
  /// How many pools use nine tenths of their quota or more.
  virtual Result<std::uint64_t> count_full_pools(std::uint64_t default_bytes_max) = 0;
};

}  // namespace adit
