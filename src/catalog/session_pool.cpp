#include "catalog/session_pool.h"

namespace adit {

SessionPool::Lease SessionPool::lease() {
  std::unique_ptr<SqliteSession> session;
  {
    auto state = state_.lock();
    freed_.wait(state.unique_lock(), [&] { return state->leased < sessions_max_; });
    ++state->leased;
    if (!state->idle.empty()) {
      session = std::move(state->idle.back());
      state->idle.pop_back();
    }
  }
  if (session == nullptr) {
    try {
      session = std::make_unique<SqliteSession>(file_, SessionKind::kReader);
    } catch (...) {
      give_back(nullptr);
      throw;
    }
  }
  return Lease(*this, std::move(session));
}

void SessionPool::give_back(std::unique_ptr<SqliteSession> session) {
  auto state = state_.lock();
  --state->leased;
  if (session != nullptr) state->idle.push_back(std::move(session));
  freed_.notify_one();
}

}  // namespace adit
