// The pools that were looked up: every request asks for one, and they hardly ever change.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/guarded.h"
#include "model/pool.h"

namespace adit {

/// Right as long as every change of a pool passes through the process that keeps the catalog's file, which
/// forgets the pool after its COMMIT. Thread-safe.
class PoolMemory {
 public:
  std::optional<Pool> find(PoolId id) const {
    auto state = state_.lock();
    const auto found = state->pools.find(id);
    return found == state->pools.end() ? std::nullopt : std::optional(found->second);
  }

  /// To be asked before the row is read.
  std::uint64_t changes() const { return state_.lock()->changes; }

  /// Unless a pool has changed since: the row may be from before that.
  void remember(const Pool& pool, std::uint64_t changes_before) {
    auto state = state_.lock();
    if (state->changes != changes_before) return;
    if (state->pools.size() >= kPoolsMax) state->pools.clear();
    state->pools.insert_or_assign(pool.id, pool);
  }

  void forget(PoolId id) {
    auto state = state_.lock();
    ++state->changes;
    state->pools.erase(id);
  }

 private:
  static constexpr std::size_t kPoolsMax = 10'000;
  struct State {
    std::unordered_map<PoolId, Pool> pools;
    std::uint64_t changes = 0;
  };
  Guarded<State> state_;
};

}  // namespace adit
