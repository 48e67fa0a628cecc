#include "access/audit_log.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"

namespace adit {
namespace {

void log_lost(const AuditEntry& entry, const Error& why) {
  log::error("an entry is missing in the audit log",
             {{"at", to_epoch_ms(entry.at)},
              {"principal", entry.principal ? entry.principal->id.to_string() : "nobody"},
              {"name", entry.principal_name},
              {"key", entry.key ? entry.key->to_string() : "none"},
              {"peer", entry.peer},
              {"operation", entry.operation},
              {"pool", entry.pool ? entry.pool->to_string() : "none"},
              {"object", entry.object},
              {"status", entry.status},
              {"reference", entry.reference},
              {"detail", why.internal_detail}});
}

}  // namespace

std::uint64_t AuditLog::push(Guarded<State>::Handle<State>& state, AuditEntry entry) {
  if (state->ended) {
    lose(entry, internal("the server stops"));
    return 0;
  }
  state->waiting.push_back(std::move(entry));
  // While it gathers, the thread is to sleep.
  if (state->waiting.size() == 1 || state->waiting.size() == kEntriesHurry) came_.notify_one();
  return ++state->taken;
}

void AuditLog::record(AuditEntry entry) {
  auto state = state_.lock();
  done_.wait(state.unique_lock(), [&] { return state->stopped || state->waiting.size() < kEntriesMax; });
  push(state, std::move(entry));
}

void AuditLog::record_durably(AuditEntry entry) {
  auto state = state_.lock();
  done_.wait(state.unique_lock(), [&] { return state->stopped || state->waiting.size() < kEntriesMax; });
  const auto number = push(state, std::move(entry));
  state->durable_until = std::max(state->durable_until, number);
  came_.notify_one();
  done_.wait(state.unique_lock(), [&] { return state->written >= number; });
}

void AuditLog::notice(AuditEntry entry) {
  auto state = state_.lock();
  const bool stranger = !entry.principal;
  const bool room = state->waiting.size() < kEntriesMax / 2;
  if (!room || (stranger && state->of_strangers.wait(kOfStrangers, entry.at).count() > 0)) {
    metrics_.audit_entries_lost.Increment();
    return;
  }
  if (stranger) state->of_strangers.take(kOfStrangers, entry.at);
  push(state, std::move(entry));
}

void AuditLog::stop() {
  state_.lock()->stopped = true;
  came_.notify_all();
  done_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void AuditLog::work() {
  auto state = state_.lock();
  for (;;) {
    came_.wait(state.unique_lock(), [&] { return state->stopped || !state->waiting.empty(); });
    if (state->waiting.empty()) {
      state->ended = true;
      return;
    }
    const auto hurry = [&] {
      return state->stopped || state->durable_until > state->written ||
             state->waiting.size() >= kEntriesHurry;
    };
    came_.wait_for(state.unique_lock(), kGather, hurry);
    const auto durability = state->durable_until > state->written ? Durability::kFull : Durability::kRelaxed;
    std::vector<AuditEntry> batch(std::make_move_iterator(state->waiting.begin()),
                                  std::make_move_iterator(state->waiting.end()));
    state->waiting.clear();
    state.unique_lock().unlock();
    write(batch, durability);
    state.unique_lock().lock();
    state->written += batch.size();
    done_.notify_all();
  }
}

void AuditLog::lose(const AuditEntry& entry, const Error& why) {
  metrics_.audit_entries_lost.Increment();
  log_lost(entry, why);
}

void AuditLog::write(const std::vector<AuditEntry>& batch, Durability durability) {
  const auto written = catalog_.insert_audit(batch, durability);
  if (written) {
    metrics_.audit_entries.Increment(static_cast<double>(batch.size()));
    return;
  }
  for (const auto& entry : batch) lose(entry, written.error());
}

}  // namespace adit
