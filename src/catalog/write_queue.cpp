#include "catalog/write_queue.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "catalog/catalog_log.h"
#include "catalog/refused_commit.h"

namespace adit {
namespace {

/// Bounds how long the first of a batch waits for the last.
constexpr std::size_t kBatchMax = 64;
constexpr std::size_t kRenewalBytes = 1 << 20;
/// How the details of errors end whose commit may stand in the log.
constexpr std::string_view kMayComeBack = "; the commit may come back with a restart";

void pass_failpoint(std::string_view name, std::string_view place) {
  if (failpoint_is_armed(name)) failpoint(std::string(name).append(place));
}

/// Writes the bytes of a file over themselves, so that a sync has to bring all of them to the disk.
Result<void> write_again(const std::filesystem::path& path) {
  const FileHandle file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file) return system_error(errno, "open " + path.string());
  std::vector<char> block(kRenewalBytes);
  for (off_t at = 0;;) {
    const auto read = ::pread(file.get(), block.data(), block.size(), at);
    if (read < 0) return system_error(errno, "read " + path.string());
    if (read == 0) break;
    const auto written = ::pwrite(file.get(), block.data(), static_cast<std::size_t>(read), at);
    if (written <= 0) return system_error(written < 0 ? errno : EIO, "write " + path.string());
    at += written;
  }
  return sync_file(file, path);
}

Error that_may_come_back(Error error) {
  if (!may_come_back(error)) error.internal_detail += kMayComeBack;
  return error;
}

}  // namespace

bool may_come_back(const Error& error) { return error.internal_detail.ends_with(kMayComeBack); }

WriteQueue::WriteQueue(const std::filesystem::path& file)
    : file_(file), log_(file.string() + "-wal"), session_(file, SessionKind::kWriter) {}

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
    const bool refused = may_come_back(together.error());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      auto alone = run_in_one_transaction(batch.subspan(i, 1));
      // What was tried together stands in the log still, and this one with it.
      if (!alone && refused && log_has_refused_) alone = that_may_come_back(std::move(alone).error());
      outcomes.push_back(std::move(alone));
    }
  }
  // Waiters read their outcome under the lock of the queue.
  const auto state = state_.lock();
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->outcome = std::move(outcomes[i]);
}

Result<void> WriteQueue::renew_doubtful_log() {
  if (!log_is_doubtful_ && !session_.checkpoint_failed()) return {};
  log_is_doubtful_ = true;
  ADIT_CHECK(write_again(log_));
  log_is_doubtful_ = false;
  session_.forget_failed_checkpoint();
  log::warning("catalog.log_written_again", {{"why", "the disk had failed to read, write or sync"}});
  return {};
}

Result<void> WriteQueue::replace_refused_commit() {
  if (!log_has_refused_) return {};
  session_.set_sync_on_commit(true);
  session_.query("BEGIN IMMEDIATE").run();
  if (auto renewed = renew_doubtful_log(); !renewed) {
    session_.abandon_transaction();
    return renewed;
  }
  session_.touch();
  session_.query("COMMIT").run();
  log_has_refused_ = false;
  session_.query("BEGIN IMMEDIATE").run();
  const auto cut = cut_log_behind_its_end(file_, session_.log_frames());
  session_.abandon_transaction();
  // It costs a false alarm at the next start after a kill.
  if (!cut) log::warning("catalog.log_not_cut", {{"detail", cut.error().internal_detail}});
  return {};
}

Error WriteQueue::settle_refused_commit(Error error) {
  log_has_refused_ = true;
  try {
    if (replace_refused_commit()) return error;
  } catch (const std::exception&) {
    session_.abandon_transaction();
    log_is_doubtful_ = true;
  }
  return that_may_come_back(std::move(error));
}

Result<void> WriteQueue::run_in_one_transaction(std::span<Write*> batch) {
  bool committing = false;
  try {
    ADIT_CHECK(replace_refused_commit());
    const bool durable =
        std::ranges::any_of(batch, [](const auto* w) { return w->durability == Durability::kFull; });
    session_.set_sync_on_commit(durable);
    session_.query("BEGIN IMMEDIATE").run();
    if (auto renewed = renew_doubtful_log(); !renewed) {
      session_.abandon_transaction();
      return renewed;
    }
    for (const auto* write : batch) {
      if (auto result = write->body(session_); !result) {
        session_.abandon_transaction();
        return result;
      }
      pass_failpoint(write->name, ".before_commit");
    }
    committing = true;
    session_.query("COMMIT").run();
  } catch (const std::exception& exception) {
    auto error = session_.error_of(exception);
    const bool disk_error = SqliteSession::is_disk_error(exception);
    if (disk_error) log_is_doubtful_ = true;
    session_.abandon_transaction();
    return disk_error && committing ? settle_refused_commit(std::move(error)) : error;
  }
  for (const auto* write : batch) pass_failpoint(write->name, ".after_commit");
  return {};
}

}  // namespace adit
