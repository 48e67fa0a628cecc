// Which pools are open: at most one instance of the engine per file, bounded in number and in memory.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/guarded.h"
#include "base/metrics.h"
#include "warehouse/duckdb/open_pool.h"

namespace adit {

class Interrupter;
class PoolRegistry;

/// Keeps a pool open as long as it lives.
class PoolLease {
 public:
  PoolLease(PoolRegistry& registry, std::shared_ptr<OpenPool> pool)
      : registry_(&registry), pool_(std::move(pool)) {}
  PoolLease(PoolLease&& other) noexcept = default;
  PoolLease& operator=(PoolLease&&) = delete;
  ~PoolLease();

  OpenPool& operator*() const { return *pool_; }
  OpenPool* operator->() const { return pool_.get(); }

 private:
  PoolRegistry* registry_;
  std::shared_ptr<OpenPool> pool_;
};

struct PoolLimits {
  std::size_t pools_open_max = 32;
  std::uint64_t memory_bytes_max = 0;
  std::chrono::milliseconds wait_max{30'000};  ///< for a place, or for a failed pool to drain
};

/// Thread-safe. A pool is opened by the first who asks for it while others wait; the least recently used idle
/// one is closed when there is no place or no memory left. A pool whose engine failed fatally is drained,
/// closed and opened again by the next who asks.
class PoolRegistry {
 public:
  /// Opens and repairs; the second argument is the memory it may use.
  using Opener = std::function<Result<std::unique_ptr<OpenPool>>(PoolId, std::uint64_t)>;

  PoolRegistry(PoolLimits limits, Opener opener, Interrupter& interrupter, Metrics& metrics);
  ~PoolRegistry();

  /// kUnavailable when there was no place in time, or after close().
  Result<PoolLease> acquire(PoolId pool);
  /// Interrupts what runs on a pool, waits for its leases, closes it and calls `remove` while nobody can get
  /// it: acquire() answers kNotFound meanwhile. kUnavailable when the leases are not given back in time.
  Result<void> retire(PoolId pool, const std::function<Result<void>()>& remove);
  /// The pools that are open now and healthy.
  std::vector<PoolLease> open_pools();
  /// Refuses new leases, waits for those given out, closes all.
  void close();

 private:
  friend class PoolLease;
  enum class Phase { kOpening, kOpen, kClosing };
  struct Slot {
    Phase phase = Phase::kOpening;
    std::size_t pins = 0;
    std::uint64_t last_used = 0;
    std::uint64_t memory_bytes = 0;
    std::shared_ptr<OpenPool> pool;
  };
  struct State {
    std::map<PoolId, Slot> slots;
    std::set<PoolId> retired;  ///< being removed
    std::uint64_t uses = 0;
    bool closed = false;
  };
  using Locked = Guarded<State>::Handle<State>;

  void release(PoolId pool);
  std::uint64_t memory_share(const State& state) const;
  /// Takes out the slot that was idle for longest; false when all are busy.
  bool evict_one(Locked& state);
  void close_slot(Locked& state, PoolId pool);

  const PoolLimits limits_;
  const Opener opener_;
  Interrupter& interrupter_;
  Metrics& metrics_;
  std::condition_variable changed_;
  Guarded<State> state_;
};

}  // namespace adit
