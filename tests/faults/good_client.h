// GoodClient: somebody who pushes small jobs and looks at things, and measures how long that takes.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "support/push_client.h"
#include "support/server.h"

namespace adit::test {

/// Milliseconds, sorted.
struct Latencies {
  std::vector<double> ms;

  double quantile(double part) const {
    return ms.empty() ? 0 : ms[static_cast<std::size_t>(part * static_cast<double>(ms.size() - 1))];
  }
};

struct GoodWork {
  Latencies requests;  ///< each by itself, with its connection where it is the first on one
  Latencies pushes;    ///< from the create to DONE
  std::vector<std::string> failures;
};

/// One client of a pool of its own. Every push comes over a connection of its own, so that getting in is a
/// part of what is measured; nothing is tried twice. Not thread-safe.
class GoodClient {
 public:
  explicit GoodClient(const Server& server);

  /// Pushes and reads for that long, and at least `pushes_min` times.
  GoodWork work(std::chrono::milliseconds time, std::size_t pushes_min = 20);
  /// What is wrong with the rows that were pushed so far; empty when nothing is. Waits for a place for a
  /// query.
  std::string check();

 private:
  void push_once(GoodWork& work);

  const std::string address_;
  const std::string key_;
  const std::string pool_;
  std::size_t pushed_ = 0;
};

}  // namespace adit::test
