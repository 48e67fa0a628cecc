#include "push/disk_quotas.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace adit {
namespace {

/// An upload that does not tell its size reserves in steps, so that the catalog is asked once for each.
constexpr std::uint64_t kStepBytes = 256ULL << 10;
/// A refused client that asks again and again does not make the engine look each time.
constexpr std::chrono::seconds kLookInterval{1};
constexpr std::chrono::minutes kLogInterval{1};
/// Pools that are closed are passed over, in microseconds.
constexpr std::uint64_t kLooksMax = 10'000;

Error no_such_pool(PoolId pool) { return not_found("There is no data pool " + pool.to_string() + "."); }

}  // namespace

Result<void> DiskQuotas::check(const Pool& pool) {
  if (bytes_max(pool) == 0) return {};
  return take(pool.id, 0);
}

Result<std::unique_ptr<DiskReservation>> DiskQuotas::reserve(const Pool& pool,
                                                             const AnnouncedBytes& announced) {
  if (bytes_max(pool) == 0) return std::unique_ptr<DiskReservation>();
  auto reservation = std::make_unique<DiskReservation>(*this, pool.id, announced.most);
  // A chunk has a byte at least, so that a full pool says so before the body comes.
  ADIT_CHECK(reservation->hold(std::max<std::uint64_t>(announced.least, 1)));
  return reservation;
}

Result<void> DiskReservation::hold(std::uint64_t bytes) {
  if (bytes <= bytes_) return {};
  const auto ahead = std::min(std::max(bytes, bytes_ + kStepBytes), std::max(bytes, bytes_max_));
  ADIT_TRY(const bool whole_step, quotas_.try_to_take(pool_, ahead - bytes_));
  if (!whole_step) ADIT_CHECK(quotas_.take(pool_, bytes - bytes_));
  bytes_ = whole_step ? ahead : bytes;
  return {};
}

void DiskReservation::give_back() { quotas_.give_back(pool_, std::exchange(bytes_, 0)); }

void DiskQuotas::give_back(PoolId pool, std::uint64_t bytes) {
  if (bytes > 0) (*pools_.lock())[pool].reserved -= bytes;
}

/// What is reserved is looked at after what is used: an upload gives its room back before its chunks count,
/// so that one that ends in between is missing in both rather than counted twice. What passes too many then
/// is refused by the transaction that enters it.
Result<bool> DiskQuotas::try_to_take(PoolId pool, std::uint64_t more) {
  ADIT_TRY(const auto use, catalog_.find_disk_use(pool));
  if (!use) return no_such_pool(pool);
  const auto bytes_max = quota_bytes(use->quota, default_bytes_max_);
  if (bytes_max > 0 && !use->table_bytes) return false;  // nobody has looked yet
  auto pools = pools_.lock();
  auto& reserved = (*pools)[pool].reserved;
  // To be asked for nothing is to be asked whether the pool is over its quota: uploads under way do not
  // count.
  const auto others = more > 0 ? reserved : 0;
  if (bytes_max > 0 && (more > bytes_max || use->bytes() + others + more > bytes_max)) return false;
  reserved += more;
  return true;
}

Result<void> DiskQuotas::take(PoolId pool, std::uint64_t more) {
  ADIT_TRY(bool taken, try_to_take(pool, more));
  if (taken) return {};
  ADIT_CHECK(look_again(pool, more));
  // Also where somebody else has looked meanwhile.
  ADIT_TRY(taken, try_to_take(pool, more));
  if (taken) return {};
  return refusal(pool, more);
}

Result<void> DiskQuotas::look_again(PoolId pool, std::uint64_t more) {
  ADIT_TRY(auto use, catalog_.find_disk_use(pool));
  if (!use) return no_such_pool(pool);
  // Chunks alone are too many: how large the tables are changes nothing.
  const auto bytes_max = quota_bytes(use->quota, default_bytes_max_);
  if (more > bytes_max || use->chunk_bytes + more > bytes_max) return {};
  const auto now = clock_.now();
  const auto looked = (*pools_.lock())[pool].looked;
  // A clock that was set back does not put looks off.
  const bool lately = now >= looked && now - looked < kLookInterval;
  if (lately && !use->changed_since && use->table_bytes) return {};
  ADIT_CHECK(look(*std::move(use), Opening::kIfNeeded));
  // Afterwards: who comes meanwhile must not be refused by the number that is being replaced.
  (*pools_.lock())[pool].looked = now;
  return {};
}

Error DiskQuotas::refusal(PoolId pool, std::uint64_t more) {
  const auto found = catalog_.find_disk_use(pool);
  if (!found) return found.error();
  const auto& use = *found;
  if (!use) return no_such_pool(pool);
  metrics_.quota_refusals.Increment();
  const auto bytes_max = quota_bytes(use->quota, default_bytes_max_);
  const auto now = clock_.now();
  std::uint64_t reserved = 0;
  bool told = false;
  {
    auto pools = pools_.lock();
    auto& state = (*pools)[pool];
    reserved = more > 0 ? state.reserved : 0;
    told = now >= state.logged && now - state.logged < kLogInterval;
    if (!told) state.logged = now;
  }
  if (!told) {
    log::warning("a data pool is at its disk quota", {{"pool", pool},
                                                      {"quota_bytes", bytes_max},
                                                      {"chunk_bytes", use->chunk_bytes},
                                                      {"table_bytes", use->table_bytes.value_or(0)},
                                                      {"reserved_bytes", reserved},
                                                      {"refused_bytes", more}});
  }
  return over_quota(*use, bytes_max, reserved, more);
}

Result<DiskUse> DiskQuotas::look(PoolId pool) {
  ADIT_TRY(auto use, catalog_.find_disk_use(pool));
  if (!use) return no_such_pool(pool);
  return look(*std::move(use), Opening::kIfNeeded);
}

Result<DiskUse> DiskQuotas::look(DiskUse use, Opening opening) {
  ADIT_TRY(auto bytes, warehouse_.table_bytes(use.pool, opening));
  if (!bytes) return use;
  const auto bytes_max = quota_bytes(use.quota, default_bytes_max_);
  // A checkpoint that the engine refuses at the moment comes later.
  if (bytes_max > 0 && *bytes > 0 && use.chunk_bytes + *bytes > bytes_max &&
      warehouse_.checkpoint(use.pool)) {
    ADIT_TRY(bytes, warehouse_.table_bytes(use.pool, opening));
    if (!bytes) return use;
  }
  if (use.table_bytes != bytes || use.changed_since)
    ADIT_CHECK(catalog_.record_table_bytes(use.pool, *bytes, use.table_changes));
  use.table_bytes = bytes;
  use.changed_since = false;
  return use;
}

void DiskQuotas::look_at_changed() {
  const auto changed = catalog_.list_changed_pools(kLooksMax);
  if (!changed)
    return log::error("pools to look at are not known", {{"detail", changed.error().internal_detail}});
  for (const auto& use : *changed) {
    const auto looked = look(use, Opening::kIfOpen);
    if (looked) continue;
    log::warning("the size of a pool's tables could not be looked at",
                 {{"pool", use.pool}, {"detail", looked.error().internal_detail}});
    // The next change, or a refusal, asks again.
    static_cast<void>(catalog_.record_table_bytes(use.pool, use.table_bytes.value_or(0), use.table_changes));
  }
  if (const auto full = catalog_.count_full_pools(default_bytes_max_))
    metrics_.pools_near_quota.Set(static_cast<double>(*full));
}

}  // namespace adit
