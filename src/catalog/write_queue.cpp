#include "catalog/write_queue.h"

#include <algorithm>
#include <string>

#include "base/failpoint.h"

namespace adit {
namespace {

/// Bounds how long the first of a batch waits for the last.
constexpr std::size_t kBatchMax = 64;

void pass_failpoint(std::string_view name, std::string_view place) {
  if (!name.empty()) failpoint(std::string(name).append(place));
}

}  // namespace

WriteQueue::WriteQueue(const std::filesystem::path& file) : session_(file, SessionKind::kWriter) {}

Result<void> WriteQueue::run(Durability durability, std::string_view name, const Body& body) {
  Write write{durability, name, body};
  auto state = state_.lock();
  state->waiting.push_back(&write);
  for (;;) {
    changed_.wait(state.unique_lock(), [&] { return write.outcome || !state->led; });
    if (write.outcome) return *std::move(write.outcome);
    auto batch = take_batch(*state);
    state->led = true;
    state.unique_lock().unlock();
    run_batch(batch);
    state.unique_lock().lock();
    state->led = false;
    changed_.notify_all();
  }
}

std::vector<WriteQueue::Write*> WriteQueue::take_batch(State& state) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(kBatchMax, state.waiting.size()));
  std::vector<Write*> batch(state.waiting.begin(), state.waiting.begin() + count);
  state.waiting.erase(state.waiting.begin(), state.waiting.begin() + count);
  return batch;
}

void WriteQueue::run_batch(std::span<Write*> batch) {
  std::vector<Result<void>> outcomes;
  if (const auto together = run_in_one_transaction(batch); together || batch.size() == 1) {
    outcomes.assign(batch.size(), together);
  } else {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      outcomes.push_back(run_in_one_transaction(batch.subspan(i, 1)));
    }
  }
  // Waiters read their outcome under the lock of the queue.
  const auto state = state_.lock();
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->outcome = std::move(outcomes[i]);
}

Result<void> WriteQueue::run_in_one_transaction(std::span<Write*> batch) {
  try {
    const bool durable =
        std::ranges::any_of(batch, [](const auto* w) { return w->durability == Durability::kFull; });
    session_.set_sync_on_commit(durable);
    session_.query("BEGIN IMMEDIATE").run();
    for (const auto* write : batch) {
      if (auto result = write->body(session_); !result) {
        session_.abandon_transaction();
        return result;
      }
      pass_failpoint(write->name, ".before_commit");
    }
    session_.query("COMMIT").run();
  } catch (const std::exception& exception) {
    auto error = session_.error_of(exception);
    session_.abandon_transaction();
    return error;
  }
  for (const auto* write : batch) pass_failpoint(write->name, ".after_commit");
  return {};
}

}  // namespace adit
