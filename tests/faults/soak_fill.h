// SoakFill: brings the engine's bookkeeping to its bound before anything is measured.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/server.h"

namespace adit::test {

/// The engine keeps a trace of each block of memory that it has freed, in several queues for each open pool,
/// and clears a queue only from 32,768 entries on: some 45 MiB when all of them are full, after 10,000 pushes
/// and more. Until then its memory grows with whatever is done. Here queries that free very many blocks fill
/// them, on a thread for each pool.
class SoakFill {
 public:
  SoakFill(const Server& server, const std::vector<std::string>& pools, int queries);
  ~SoakFill() { stop(); }
  SoakFill(const SoakFill&) = delete;
  SoakFill& operator=(const SoakFill&) = delete;

  bool done() const { return left_ == 0; }
  /// Ends it wherever it is.
  void stop();
  /// After stop(): answers that it should not have got.
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  void fill(const Server& server, const std::string& pool, int queries);

  std::atomic<bool> stopped_ = false;
  std::atomic<int> left_;
  std::mutex mutex_;
  std::vector<std::string> failures_;
  std::vector<std::thread> threads_;
};

}  // namespace adit::test
