// Writes what has landed from the write-ahead logs into the pools' files, again and again, and closes pools
// that are idle.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <thread>

#include "base/guarded.h"
#include "base/metrics.h"
#include "warehouse/duckdb/pool_registry.h"

namespace adit {

/// One thread; the engine's own checkpoints are kept away by a high threshold, because they hold up commits
/// and are skipped in silence.
class Checkpointer {
 public:
  /// Pools that nobody has asked for within `idle_max` are closed; 0: none.
  Checkpointer(OpenPoolRegistry& pools, std::chrono::milliseconds interval,
               std::chrono::milliseconds idle_max, std::uint64_t wal_bytes_soon, Metrics& metrics);
  ~Checkpointer();

  /// Tries one pool now and counts what came of it.
  Result<void> checkpoint(OpenPool& pool);
  /// After a commit: a log that has grown large is not left for the whole interval.
  void look_at(const OpenPool& pool);
  void stop();

 private:
  void run(const std::stop_token& stop);
  void close_idle();

  OpenPoolRegistry& pools_;
  const std::chrono::milliseconds interval_;
  const std::chrono::milliseconds idle_max_;
  const std::uint64_t wal_bytes_soon_;
  Metrics& metrics_;
  std::condition_variable_any wake_;
  Guarded<bool> soon_;
  std::jthread thread_;
};

}  // namespace adit
