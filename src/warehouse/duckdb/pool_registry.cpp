#include "warehouse/duckdb/pool_registry.h"

#include <algorithm>

#include "base/log.h"
#include "warehouse/duckdb/interrupter.h"

namespace adit {
namespace {

/// Below it, loads of many rows fail instead of spilling.
constexpr std::uint64_t kMemoryFloor = 64ULL << 20;

Error unavailable(std::string why) {
  return {ErrorKind::kUnavailable, "The server has too much to do at the moment; try again later.",
          std::move(why)};
}

}  // namespace

PoolLease::~PoolLease() {
  if (!pool_) return;
  const auto id = pool_->id();
  pool_.reset();
  registry_->release(id);
}

PoolRegistry::PoolRegistry(PoolLimits limits, Opener opener, Interrupter& interrupter, Metrics& metrics)
    : limits_(limits), opener_(std::move(opener)), interrupter_(interrupter), metrics_(metrics) {}

PoolRegistry::~PoolRegistry() { close(); }

/// Half of what is left, so that the first pools, often the only ones, get much; 0 when less than the floor
/// is left.
std::uint64_t PoolRegistry::memory_share(const State& state) const {
  std::uint64_t used = 0;
  for (const auto& [id, slot] : state.slots) used += slot.memory_bytes;
  const auto left = limits_.memory_bytes_max > used ? limits_.memory_bytes_max - used : 0;
  const auto floor = std::min(kMemoryFloor, limits_.memory_bytes_max);
  if (left < floor) return 0;
  // A quarter of what is left: the first pools get room for large jobs, and many small ones still find a
  // place.
  return std::max(floor, left / 4);
}

Result<PoolLease> PoolRegistry::acquire(PoolId id) {
  const auto deadline = std::chrono::steady_clock::now() + limits_.wait_max;
  auto state = state_.lock();
  for (;;) {
    if (state->closed) return unavailable("the warehouse is closed");
    if (state->retired.contains(id)) return not_found("The data pool has been deleted.");
    const auto found = state->slots.find(id);
    if (found != state->slots.end()) {
      auto& slot = found->second;
      if (slot.phase == Phase::kOpen && slot.pool->healthy()) {
        ++slot.pins;
        slot.last_used = ++state->uses;
        return PoolLease(*this, slot.pool);
      }
      if (slot.phase == Phase::kOpen && slot.pins == 0) {
        close_slot(state, id);
        continue;
      }
      if (slot.phase == Phase::kOpen) interrupter_.interrupt_pool(id);
    } else if (const auto share = memory_share(*state);
               share > 0 && state->slots.size() < limits_.pools_open_max) {
      state->slots[id] = Slot{.memory_bytes = share, .pool = nullptr};
      break;
    } else if (evict_one(state)) {
      continue;
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
  slot.pins = 1;
  slot.last_used = ++state->uses;
  metrics_.pools_open.Increment();
  changed_.notify_all();
  return PoolLease(*this, slot.pool);
}

Result<void> PoolRegistry::retire(PoolId id, const std::function<Result<void>()>& remove) {
  const auto deadline = std::chrono::steady_clock::now() + limits_.wait_max;
  Result<void> result;
  auto state = state_.lock();
  state->retired.insert(id);
  for (auto slot = state->slots.find(id); slot != state->slots.end(); slot = state->slots.find(id)) {
    if (slot->second.phase == Phase::kOpen && slot->second.pins == 0) {
      close_slot(state, id);
      continue;
    }
    interrupter_.interrupt_pool(id);
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

bool PoolRegistry::evict_one(Locked& state) {
  std::optional<PoolId> oldest;
  for (const auto& [id, slot] : state->slots) {
    if (slot.phase != Phase::kOpen || slot.pins > 0) continue;
    if (!oldest || slot.last_used < state->slots[*oldest].last_used) oldest = id;
  }
  if (!oldest) return false;
  close_slot(state, *oldest);
  return true;
}

void PoolRegistry::close_slot(Locked& state, PoolId id) {
  auto& slot = state->slots[id];
  slot.phase = Phase::kClosing;
  auto pool = std::move(slot.pool);
  state.unique_lock().unlock();
  pool.reset();  // the engine writes a last checkpoint
  state.unique_lock().lock();
  state->slots.erase(id);
  metrics_.pools_open.Decrement();
  changed_.notify_all();
}

void PoolRegistry::release(PoolId id) {
  auto state = state_.lock();
  --state->slots[id].pins;
  changed_.notify_all();
}

std::vector<PoolLease> PoolRegistry::open_pools() {
  std::vector<PoolLease> leases;
  auto state = state_.lock();
  for (auto& [id, slot] : state->slots) {
    if (slot.phase != Phase::kOpen || !slot.pool->healthy()) continue;
    ++slot.pins;
    leases.emplace_back(*this, slot.pool);
  }
  return leases;
}

void PoolRegistry::close() {
  auto state = state_.lock();
  state->closed = true;
  changed_.notify_all();
  while (!state->slots.empty()) {
    if (!evict_one(state)) changed_.wait(state.unique_lock());
  }
}

}  // namespace adit
