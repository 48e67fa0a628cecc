// All writes of one process go through one session, several of them in one transaction when they come
// together.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/sqlite_session.h"

namespace adit {

/// Group commit. The caller that finds nobody writing becomes the leader: it runs the bodies of all who wait,
/// in the order in which they came, within one BEGIN IMMEDIATE transaction, commits once (one fsync if any of
/// them wants kFull) and wakes them. Where a body fails, the transaction is rolled back and each body runs
/// again in one of its own, so that none sees or carries another's failure.
///
/// A sync that fails leaves pages that the kernel shows as written and does not write any more. They may be
/// of commits that waited for no sync, and what stands behind them in the log is lost with them if the power
/// goes. So before the next commit the whole log is written and synced once more; until that succeeds nothing
/// is committed.
///
/// A commit that the disk refuses is rolled back, but it may stand in the log already, and SQLite takes it
/// for done at the next open if the process is killed before something else stands in its place. So a commit
/// that changes nothing follows at once. Where the disk refuses that too, the error says may_come_back(), and
/// it is tried again before the next commit.
///
/// Threads: run() from any. Other processes may write to the same file: SQLite's lock orders them.
class WriteQueue {
 public:
  /// May run twice (its first effects being rolled back) and on another caller's thread. May throw.
  using Body = std::function<Result<void>(SqliteSession&)>;

  explicit WriteQueue(const std::filesystem::path& file);

  /// Returns when the body's effects are committed with the durability asked for, or with the reason why they
  /// are not there, or may not be. The failpoints `<name>.before_commit` and `<name>.after_commit` are
  /// passed; an empty name has none.
  Result<void> run(Durability durability, std::string_view name, const Body& body);

 private:
  struct Write {
    Durability durability;
    std::string_view name;
    const Body& body;
    std::optional<Result<void>> outcome{};
  };
  struct State {
    std::vector<Write*> waiting;
    bool led = false;
  };

  std::vector<Write*> take_batch(State& state);
  void run_batch(std::span<Write*> batch);
  Result<void> run_in_one_transaction(std::span<Write*> batch);
  /// Only where nobody else can write: within a transaction.
  Result<void> renew_doubtful_log();
  /// Puts a commit that changes nothing where one that the disk refused stands in the log. May throw.
  Result<void> replace_refused_commit();
  /// After a commit that the disk refused with this error: what to say of it.
  Error settle_refused_commit(Error error);

  const std::filesystem::path file_;
  const std::filesystem::path log_;
  bool log_is_doubtful_ = false;  ///< the leader's
  bool log_has_refused_ = false;  ///< the leader's: a commit that was refused may stand behind its end
  SqliteSession session_;         ///< the leader's
  std::condition_variable changed_;
  Guarded<State> state_;
};

}  // namespace adit
