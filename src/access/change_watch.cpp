#include "access/change_watch.h"

#include <algorithm>

namespace adit {

Result<std::uint64_t> ChangeWatch::version() {
  const auto now = clock_.now();
  {
    auto state = state_.lock();
    // A clock that was set back must not make anything last longer.
    const bool fresh = state->known && now >= state->read && now - state->read < kInterval;
    if (fresh) return state->version;
    // One thread looks; the others go on with what is known, which ages by that one look only.
    if (state->known && now >= state->read && now - state->read < 2 * kInterval) state->read = now;
  }
  ADIT_CHECK(refresh());
  return state_.lock()->version;
}

Result<void> ChangeWatch::refresh() {
  const auto now = clock_.now();
  const auto version = catalog_.access_version();
  auto state = state_.lock();
  if (!version) {
    state->known = false;
    return version.error();
  }
  // Looks that overlap may end in any order.
  state->version = std::max(state->version, *version);
  state->read = now;
  state->known = true;
  return {};
}

}  // namespace adit
