#include "push/pool_removal.h"

#include <algorithm>

#include "base/failpoint.h"
#include "base/log.h"

namespace adit {
namespace {

/// So many jobs leave the catalog in one transaction at most: pushes wait behind it.
constexpr std::uint64_t kJobsErasedAtOnce = 500;

}  // namespace

Result<void> PoolRemoval::remove(TeamId team, PoolId pool) {
  ADIT_TRY(const auto canceled, catalog_.delete_pool(team, pool, clock_.now()));
  log::info("pool deleted", {{"pool", pool}, {"jobs_canceled", canceled.size()}});
  for (const auto job : canceled) stages_.forget(job);
  if (const auto finished = finish(pool); !finished) {
    log::warning("what is left of a deleted pool is removed later",
                 {{"pool", pool}, {"detail", finished.error().internal_detail}});
  }
  return {};
}

Result<void> PoolRemoval::finish() {
  ADIT_TRY(const auto pools, catalog_.list_deleted_pools());
  Result<void> result;
  for (const auto pool : pools) {
    if (stopped_) break;
    // One that is in use still does not keep the others.
    if (auto finished = finish(pool); !finished && result) result = std::move(finished);
  }
  return result;
}

Result<void> PoolRemoval::finish(PoolId pool) {
  const auto one_at_a_time = removing_.lock();
  // Another may have finished it since this one was told, and its id may be that of a new pool by now.
  ADIT_TRY(const auto deleted, catalog_.list_deleted_pools());
  if (std::ranges::find(deleted, pool) == deleted.end()) return {};
  failpoint("push.remove_pool.before");
  ADIT_CHECK(warehouse_.remove_pool(pool));
  failpoint("push.remove_pool.between");
  ADIT_CHECK(store_.remove_pool(pool));
  for (bool more = true; more && !stopped_;) {
    ADIT_TRY(more, catalog_.erase_pool(pool, kJobsErasedAtOnce));
  }
  return {};
}

}  // namespace adit
