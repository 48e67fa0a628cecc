// Which pools are open: at most one instance of the engine per file, bounded in number and in memory.
#pragma once

#include <prometheus/gauge.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "model/ids.h"

namespace adit {

template <class Pool>
class PoolRegistry;

/// Keeps a pool open as long as it lives.
template <class Pool>
class PoolLease {
 public:
  PoolLease(PoolRegistry<Pool>& registry, std::shared_ptr<Pool> pool, std::uint64_t opening)
      : registry_(&registry), pool_(std::move(pool)), opening_(opening) {}
  PoolLease(PoolLease&& other) noexcept = default;
  PoolLease& operator=(PoolLease&&) = delete;
  ~PoolLease() {
    if (!pool_) return;
    const auto id = pool_->id();
    pool_.reset();
    registry_->release(id, opening_);
  }

  Pool& operator*() const { return *pool_; }
  Pool* operator->() const { return pool_.get(); }

 private:
  PoolRegistry<Pool>* registry_;
  std::shared_ptr<Pool> pool_;
  std::uint64_t opening_;
};

struct PoolLimits {
  std::size_t pools_open_max = 32;
  std::uint64_t memory_bytes_max = 0;
  std::chrono::milliseconds wait_max{30'000};  ///< for a place, or for a failed pool to drain
};

/// A `Pool` is what stands for one open file: an instance of the engine, or the process that has it. It has
/// an `id()` and is `healthy()` until it has failed for good; its destruction closes the file.
///
/// Thread-safe. A pool is opened by the first who asks for it while others wait; the least recently used idle
/// one is closed when there is no place or no memory left. A pool that has failed is drained, closed and
/// opened again by the next who asks.
template <class Pool>
class PoolRegistry {
 public:
  /// Opens and repairs; the second argument is the memory it may use.
  using Opener = std::function<Result<std::unique_ptr<Pool>>(PoolId, std::uint64_t)>;
  /// Stops what runs on a pool, which is null while it is being opened or closed.
  using Interrupt = std::function<void(PoolId, Pool*)>;

  /// `open` shows how many are open, if it is given.
  PoolRegistry(PoolLimits limits, Opener opener, Interrupt interrupt, prometheus::Gauge* open)
      : limits_(limits), opener_(std::move(opener)), interrupt_(std::move(interrupt)), open_(open) {}
  ~PoolRegistry() { close(); }

  /// kUnavailable when there was no place in time, or after close().
  Result<PoolLease<Pool>> acquire(PoolId pool);
  /// Interrupts what runs on a pool, waits for its leases, closes it and calls `remove` while nobody can get
  /// it: acquire() answers kNotFound meanwhile. kUnavailable when the leases are not given back in time.
  Result<void> retire(PoolId pool, const std::function<Result<void>()>& remove);
  /// For a pool whose share of memory has turned out too small: once nobody uses it, the next who asks gets
  /// it opened anew, with all that idle ones can give back. Nothing is done for one that was opened so.
  void enlarge(PoolId pool);
  /// One that is open and healthy; opens none.
  std::optional<PoolLease<Pool>> find(PoolId pool);
  /// The pools that are open now and healthy.
  std::vector<PoolLease<Pool>> open_pools();
  /// Closes those that nobody uses and that have failed or were last used longer than `idle_max` ago. Returns
  /// how many.
  std::size_t close_idle(std::chrono::milliseconds idle_max);
  /// Refuses new leases, waits for those given out, closes all.
  void close();

 private:
  friend class PoolLease<Pool>;
  enum class Phase { kOpening, kOpen, kClosing };
  struct Slot {
    Phase phase = Phase::kOpening;
    std::uint64_t opening = 0;  ///< tells one opening of a pool from the next
    std::size_t pins = 0;
    std::uint64_t last_used = 0;
    std::chrono::steady_clock::time_point last_used_at{};
    std::uint64_t memory_bytes = 0;
    bool largest = false;  ///< it was given all that could be had
    std::shared_ptr<Pool> pool;
  };
  struct State {
    std::map<PoolId, Slot> slots;
    std::set<PoolId> retired;  ///< being removed
    std::set<PoolId> small;    ///< to be opened with more memory
    std::uint64_t uses = 0;
    std::size_t pins_of_gone = 0;  ///< leases of pools that are gone
    bool closed = false;
  };
  using Locked = typename Guarded<State>::template Handle<State>;

  static Error unavailable(std::string why) {
    return {ErrorKind::kUnavailable, "The server has too much to do at the moment; try again later.",
            std::move(why)};
  }

  void release(PoolId pool, std::uint64_t opening);
  /// Forgets an open pool that has failed and holds its file no more. False where that is not so.
  bool drop_gone(State& state, PoolId pool);
  static void pin(State& state, Slot& slot) {
    ++slot.pins;
    slot.last_used = ++state.uses;
    slot.last_used_at = std::chrono::steady_clock::now();
  }
  /// True: the pool is in use still, and whoever ends that says so.
  bool interrupt(Locked& state, PoolId pool);
  /// Makes a slot; false where there is no place or no memory.
  bool take_place(State& state, PoolId pool);
  std::uint64_t memory_left(const State& state) const;
  std::uint64_t memory_share(const State& state) const;
  /// Takes out the slot that was idle for longest; false when all are busy.
  bool evict_one(Locked& state);
  void close_slot(Locked& state, PoolId pool);

  /// Below it, loads of many rows fail instead of spilling.
  static constexpr std::uint64_t kMemoryFloor = 64ULL << 20;

  const PoolLimits limits_;
  const Opener opener_;
  const Interrupt interrupt_;
  prometheus::Gauge* const open_;
  std::condition_variable changed_;
  Guarded<State> state_;
};

/// 0 when less than the floor is left.
template <class Pool>
std::uint64_t PoolRegistry<Pool>::memory_left(const State& state) const {
  std::uint64_t used = 0;
  for (const auto& [id, slot] : state.slots) used += slot.memory_bytes;
  const auto left = limits_.memory_bytes_max > used ? limits_.memory_bytes_max - used : 0;
  return left < std::min(kMemoryFloor, limits_.memory_bytes_max) ? 0 : left;
}

template <class Pool>
std::uint64_t PoolRegistry<Pool>::memory_share(const State& state) const {
  const auto left = memory_left(state);
  if (left == 0) return 0;
  // The only one that can be open gets all.
  if (limits_.pools_open_max == 1) return left;
  // A quarter of what is left: the first pools get room for large jobs, and many small ones still find a
  // place.
  return std::max(std::min(kMemoryFloor, limits_.memory_bytes_max), left / 4);
}

template <class Pool>
Result<PoolLease<Pool>> PoolRegistry<Pool>::acquire(PoolId id) {
  const auto deadline = std::chrono::steady_clock::now() + limits_.wait_max;
  auto state = state_.lock();
  for (;;) {
    if (state->closed) return unavailable("the warehouse is closed");
    if (state->retired.contains(id)) return not_found("The data pool has been deleted.");
    const auto found = state->slots.find(id);
    if (found != state->slots.end()) {
      auto& slot = found->second;
      const bool small = slot.pins == 0 && state->small.contains(id);
      if (slot.phase == Phase::kOpen && slot.pool->healthy() && !small) {
        pin(*state, slot);
        return PoolLease<Pool>(*this, slot.pool, slot.opening);
      }
      if (drop_gone(*state, id)) continue;
      if (slot.phase == Phase::kOpen && slot.pins == 0) {
        close_slot(state, id);
        continue;
      }
      if (slot.phase == Phase::kOpen && !interrupt(state, id)) continue;
    } else {
      if (state->small.contains(id) && evict_one(state)) continue;
      if (take_place(*state, id)) break;
      if (evict_one(state)) continue;
    }
    if (changed_.wait_until(state.unique_lock(), deadline) == std::cv_status::timeout) {
      return unavailable("no place for the pool in time");
    }
  }
  const auto share = state->slots[id].memory_bytes;
  state.unique_lock().unlock();
  auto opened = opener_(id, share);
  state.unique_lock().lock();
  if (!opened) {
    state->slots.erase(id);
    changed_.notify_all();
    return std::move(opened).error();
  }
  auto& slot = state->slots[id];
  slot.pool = std::move(*opened);
  slot.phase = Phase::kOpen;
  slot.opening = ++state->uses;
  pin(*state, slot);
  if (open_ != nullptr) open_->Increment();
  changed_.notify_all();
  return PoolLease<Pool>(*this, slot.pool, slot.opening);
}

template <class Pool>
bool PoolRegistry<Pool>::take_place(State& state, PoolId id) {
  if (state.slots.size() >= limits_.pools_open_max) return false;
  const bool largest = state.small.contains(id);
  const auto share = largest ? memory_left(state) : memory_share(state);
  if (share == 0) return false;
  state.small.erase(id);
  state.slots[id] = Slot{.memory_bytes = share, .largest = largest, .pool = nullptr};
  return true;
}

template <class Pool>
void PoolRegistry<Pool>::enlarge(PoolId id) {
  auto state = state_.lock();
  const auto slot = state->slots.find(id);
  if (slot != state->slots.end() && !slot->second.largest) state->small.insert(id);
}

/// Without the lock, because it may take a while: so the last who used the pool may have gone meanwhile, and
/// told nobody, since nobody waited yet.
template <class Pool>
bool PoolRegistry<Pool>::interrupt(Locked& state, PoolId id) {
  std::optional<PoolLease<Pool>> lease;
  if (auto& slot = state->slots[id]; slot.phase == Phase::kOpen) {
    ++slot.pins;
    lease.emplace(*this, slot.pool, slot.opening);
  }
  state.unique_lock().unlock();
  interrupt_(id, lease ? &**lease : nullptr);
  lease.reset();
  state.unique_lock().lock();
  const auto slot = state->slots.find(id);
  return slot != state->slots.end() && (slot->second.phase != Phase::kOpen || slot->second.pins > 0);
}

template <class Pool>
Result<void> PoolRegistry<Pool>::retire(PoolId id, const std::function<Result<void>()>& remove) {
  const auto deadline = std::chrono::steady_clock::now() + limits_.wait_max;
  Result<void> result;
  auto state = state_.lock();
  state->retired.insert(id);
  state->small.erase(id);
  for (auto slot = state->slots.find(id); slot != state->slots.end(); slot = state->slots.find(id)) {
    if (drop_gone(*state, id)) continue;
    if (slot->second.phase == Phase::kOpen && slot->second.pins == 0) {
      close_slot(state, id);
      continue;
    }
    if (!interrupt(state, id)) continue;
    if (changed_.wait_until(state.unique_lock(), deadline) == std::cv_status::timeout) {
      result = unavailable("a pool to be removed is still in use");
      break;
    }
  }
  state.unique_lock().unlock();
  if (result) result = remove();
  state.unique_lock().lock();
  state->retired.erase(id);
  changed_.notify_all();
  return result;
}

template <class Pool>
bool PoolRegistry<Pool>::evict_one(Locked& state) {
  std::optional<PoolId> oldest;
  for (const auto& [id, slot] : state->slots) {
    if (slot.phase != Phase::kOpen || slot.pins > 0) continue;
    if (!oldest || slot.last_used < state->slots[*oldest].last_used) oldest = id;
  }
  if (!oldest) return false;
  close_slot(state, *oldest);
  return true;
}

template <class Pool>
void PoolRegistry<Pool>::close_slot(Locked& state, PoolId id) {
  auto& slot = state->slots[id];
  slot.phase = Phase::kClosing;
  auto pool = std::move(slot.pool);
  state.unique_lock().unlock();
  pool.reset();  // the engine writes a last checkpoint
  state.unique_lock().lock();
  state->slots.erase(id);
  if (open_ != nullptr) open_->Decrement();
  changed_.notify_all();
}

template <class Pool>
void PoolRegistry<Pool>::release(PoolId id, std::uint64_t opening) {
  auto state = state_.lock();
  const auto slot = state->slots.find(id);
  if (slot != state->slots.end() && slot->second.opening == opening) {
    --slot->second.pins;
  } else {
    --state->pins_of_gone;
  }
  changed_.notify_all();
}

template <class Pool>
bool PoolRegistry<Pool>::drop_gone(State& state, PoolId id) {
  constexpr bool gone_once_failed = requires { requires Pool::kGoneOnceFailed; };
  const auto& slot = state.slots[id];
  if (!gone_once_failed || slot.phase != Phase::kOpen || slot.pool->healthy()) return false;
  state.pins_of_gone += slot.pins;
  state.slots.erase(id);
  if (open_ != nullptr) open_->Decrement();
  return true;
}

template <class Pool>
std::optional<PoolLease<Pool>> PoolRegistry<Pool>::find(PoolId id) {
  auto state = state_.lock();
  const auto found = state->slots.find(id);
  if (found == state->slots.end()) return std::nullopt;
  auto& slot = found->second;
  if (slot.phase != Phase::kOpen || !slot.pool->healthy()) return std::nullopt;
  ++slot.pins;
  return PoolLease<Pool>(*this, slot.pool, slot.opening);
}

template <class Pool>
std::vector<PoolLease<Pool>> PoolRegistry<Pool>::open_pools() {
  std::vector<PoolLease<Pool>> leases;
  auto state = state_.lock();
  for (auto& [id, slot] : state->slots) {
    if (slot.phase != Phase::kOpen || !slot.pool->healthy()) continue;
    ++slot.pins;
    leases.emplace_back(*this, slot.pool, slot.opening);
  }
  return leases;
}

template <class Pool>
std::size_t PoolRegistry<Pool>::close_idle(std::chrono::milliseconds idle_max) {
  auto state = state_.lock();
  const auto before = std::chrono::steady_clock::now() - idle_max;
  for (std::size_t closed = 0;; ++closed) {
    const auto slot = std::ranges::find_if(state->slots, [&](const auto& entry) {
      const auto& [id, candidate] = entry;
      return candidate.phase == Phase::kOpen && candidate.pins == 0 &&
             (!candidate.pool->healthy() || candidate.last_used_at < before);
    });
    if (slot == state->slots.end()) return closed;
    close_slot(state, slot->first);
  }
}

template <class Pool>
void PoolRegistry<Pool>::close() {
  auto state = state_.lock();
  state->closed = true;
  changed_.notify_all();
  while (!state->slots.empty() || state->pins_of_gone > 0) {
    if (!evict_one(state)) changed_.wait(state.unique_lock());
  }
}

}  // namespace adit
