// DiskQuotas: holds pools to what they may use of the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "warehouse/warehouse.h"

namespace adit {

class DiskReservation;

/// What an upload's head tells of the bytes of its chunks.
struct AnnouncedBytes {
  std::uint64_t least = 0;
  std::uint64_t most = ~0ULL;
};

/// A pool uses the chunk files that it keeps, which the catalog counts exactly, and what the engine uses of
/// its files, as of the last look. Looks follow landings and stages within about a second, and come before
/// every refusal, since a refusal by an old number would stay one: nothing that changes the number could
/// begin.
///
/// What is refused here is refused early. The bound itself is held by the transaction that enters chunks (see
/// ChunkCatalog::insert_chunks), whichever process it is in. Thread-safe; calls block.
class DiskQuotas {
 public:
  /// `default_bytes_max` is for pools without a quota of their own; 0 is none.
  DiskQuotas(Catalog& catalog, Warehouse& warehouse, const Clock& clock, Metrics& metrics,
             std::uint64_t default_bytes_max)
      : catalog_(catalog),
        warehouse_(warehouse),
        clock_(clock),
        metrics_(metrics),
        default_bytes_max_(default_bytes_max) {}

  std::uint64_t default_bytes_max() const { return default_bytes_max_; }
  /// kStorageFull if the pool uses more than it may.
  Result<void> check(const Pool& pool);
  /// For an upload. kStorageFull if what it brings at least does not fit beside what is used and what other
  /// uploads of this process have reserved. Null: the pool has no quota.
  Result<std::unique_ptr<DiskReservation>> reserve(const Pool& pool, const AnnouncedBytes& announced);
  /// What a pool uses now. Past its quota a checkpoint is tried first, since what was deleted counts until
  /// then. kNotFound.
  Result<DiskUse> look(PoolId pool);
  /// Looks at the open pools whose tables have changed. The housekeeper asks for it.
  void look_at_changed();

 private:
  friend class DiskReservation;
  struct PoolState {
    std::uint64_t reserved = 0;
    Timestamp looked{};  ///< the last look before a refusal
    Timestamp logged{};  ///< the last refusal that the log tells of
  };

  std::uint64_t bytes_max(const Pool& pool) const { return quota_bytes(pool.quota, default_bytes_max_); }
  Result<DiskUse> look(DiskUse use, Opening opening);
  /// Whether `more` bytes fit; they are reserved then.
  Result<bool> try_to_take(PoolId pool, std::uint64_t more);
  Result<void> take(PoolId pool, std::uint64_t more);
  void give_back(PoolId pool, std::uint64_t bytes);
  /// Before `more` bytes are refused: looks at the tables, unless that changes nothing or was done a moment
  /// ago.
  Result<void> look_again(PoolId pool, std::uint64_t more);
  /// The answer to `more` bytes that do not fit, counted and logged.
  Error refusal(PoolId pool, std::uint64_t more);

  Catalog& catalog_;
  Warehouse& warehouse_;
  const Clock& clock_;
  Metrics& metrics_;
  const std::uint64_t default_bytes_max_;
  Guarded<std::unordered_map<PoolId, PoolState>> pools_;
};

/// The room that one upload holds until its chunks are in the catalog. One thread at a time.
class DiskReservation {
 public:
  DiskReservation(DiskQuotas& quotas, PoolId pool, std::uint64_t bytes_max)
      : quotas_(quotas), pool_(pool), bytes_max_(bytes_max) {}
  ~DiskReservation() { give_back(); }
  DiskReservation(const DiskReservation&) = delete;
  DiskReservation& operator=(const DiskReservation&) = delete;

  /// Makes it `bytes` at least, and no more than it can come to. kStorageFull.
  Result<void> hold(std::uint64_t bytes);
  void give_back();

 private:
  DiskQuotas& quotas_;
  const PoolId pool_;
  const std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
};

}  // namespace adit
