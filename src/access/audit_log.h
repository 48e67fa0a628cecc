// AuditLog: brings entries of the audit log into the catalog.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include "access/allowance.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "model/audit.h"

namespace adit {

/// Takes entries from requests and writes them many at a time, in the order in which they came, on a thread
/// of its own. Lifecycle: works from construction to stop(), which writes what it has. Thread-safe.
///
/// An entry that the catalog can't take goes to the server's log, whole, at level error, and is counted: the
/// operation has been carried out by then, and its outcome is told as it is.
class AuditLog {
 public:
  static constexpr std::size_t kEntriesMax = 10'000;  ///< waiting; then record() waits, and notice() drops
  static constexpr std::size_t kEntriesHurry = kEntriesMax / 4;  ///< waiting; then they are written at once
  static constexpr std::chrono::milliseconds kGather{100};
  /// Entries of callers that nobody knows: so much may fill the disk without a credential.
  static constexpr Allowance kOfStrangers{.at_once = 1'000, .interval = std::chrono::milliseconds(100)};

  AuditLog(Catalog& catalog, Metrics& metrics)
      : catalog_(catalog), metrics_(metrics), thread_([this] { work(); }) {}
  ~AuditLog() { stop(); }
  void stop();

  /// Returns when the entry is on disk.
  void record_durably(AuditEntry entry);
  /// Returns at once, unless too many wait. The entry is in the catalog after about kGather; a crash within
  /// that time, or a power cut later, may lose it.
  void record(AuditEntry entry);
  /// The same for what can be brought about at will: where half as many wait it is dropped, and counted; so
  /// is one without a principal where there are more of those than kOfStrangers, by the times in them.
  void notice(AuditEntry entry);

 private:
  struct State {
    std::deque<AuditEntry> waiting;
    std::uint64_t taken = 0;          ///< entries that have come
    std::uint64_t written = 0;        ///< of them, those that are done with
    std::uint64_t durable_until = 0;  ///< somebody waits for the entries up to this one
    bool stopped = false;
    bool ended = false;  ///< nobody writes any more
    UsedAllowance of_strangers;
  };

  void work();
  void write(const std::vector<AuditEntry>& batch, Durability durability);
  /// The entry's place among all; 0 when nobody writes any more, and it went to the server's log.
  std::uint64_t push(Guarded<State>::Handle<State>& state, AuditEntry entry);
  void lose(const AuditEntry& entry, const Error& why);

  Catalog& catalog_;
  Metrics& metrics_;
  std::condition_variable came_;
  std::condition_variable done_;
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace adit
