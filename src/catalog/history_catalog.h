// What stays known of jobs, as the catalog keeps it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/job.h"

namespace adit {

/// Which kind of job: pushes, all table changes, or one kind of them.
enum class HistoryKind { kPush, kTableChange, kDrop, kTruncate, kDelete };

/// Which jobs a history shows. Absent means all.
struct HistoryFilter {
  std::optional<JobStatus> status{};
  std::optional<std::string> target_name{};  ///< whatever the case
  std::optional<JobType> type{};             ///< of pushes: a table change has none
  std::optional<HistoryKind> kind{};
  std::optional<bool> deleted{};      ///< whether a client has deleted it
  std::optional<Timestamp> from{};    ///< created then or later
  std::optional<Timestamp> before{};  ///< created earlier
};

/// A place between two jobs of a history. It stays right when jobs come or go.
struct HistoryCursor {
  Timestamp created{};
  std::int64_t number = 0;  ///< the catalog's, which orders jobs of one millisecond

  bool operator==(const HistoryCursor&) const = default;
};

struct HistoryPage {
  std::vector<Job> jobs;
  std::optional<HistoryCursor> next;  ///< behind the last job; absent when there are no more
};

/// Jobs past and present; for calls, threads and errors see Catalog.
class HistoryCatalog {
 public:
  virtual ~HistoryCatalog() = default;

  /// Jobs of a pool, deleted ones and table changes included, newest first, from `after` on, at most `limit`.
  virtual Result<HistoryPage> list_history(PoolId pool, const HistoryFilter& filter,
                                           const std::optional<HistoryCursor>& after,
                                           std::uint64_t limit) = 0;
  /// Forgets jobs, with their chunks and events, that finished before `before` and whose chunk files are
  /// gone: the oldest ones, at most `jobs_max` and not many more chunks than one transaction should remove.
  /// Returns how many jobs. Their pools remember how many of them had landed. Relaxed durability.
  virtual Result<std::uint64_t> forget_history(Timestamp before, std::uint64_t jobs_max) = 0;
};

}  // namespace adit
