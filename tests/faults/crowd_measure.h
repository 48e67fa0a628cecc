// Measuring a server beside a crowd: what a good client notices of it, and what the server takes.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "faults/crowd.h"
#include "faults/good_client.h"
#include "support/process_sample.h"

namespace adit::test {

/// The good client alone, then beside the crowd, then of the server when the crowd has
/// left.
struct CrowdFigures {
  GoodWork alone;
  GoodWork beside;
  ProcessSample before;
  ProcessSample most;  ///< each of its numbers at its highest while the crowd was there
  ProcessSample after;
  std::size_t crowd = 0;  ///< connections that the crowd had open in the end
  CrowdCounts counts;
  double settled_seconds = 0;  ///< until the server had given back what the crowd took
  std::vector<std::string> violations;

  /// Whether the good client's p99 at most doubled, or is below `slack_ms`.
  bool in_time(double slack_ms) const {
    const auto p99 = beside.requests.quantile(0.99);
    return !beside.requests.ms.empty() && (p99 <= 2 * alone.requests.quantile(0.99) || p99 <= slack_ms);
  }
};

struct CrowdMeasure {
  CrowdOptions crowd;
  std::chrono::milliseconds time{10'000};  ///< of each of the two measurements
  std::chrono::milliseconds arrival_max{8'000};
  std::chrono::milliseconds settle_max{60'000};
};

/// Everything is a violation that may not happen on a machine however slow: failed requests of the good
/// client, memory above its bound, descriptors and threads that are not given back, an answer to a smuggled
/// request.
CrowdFigures measure_crowd(Server& server, GoodClient& good, const CrowdTarget& target,
                           const CrowdMeasure& measure);

/// The most that a crowd of these kinds may make the server grow, in bytes.
std::size_t growth_bytes_max(const std::vector<PeerKind>& kinds, std::size_t connections);

/// A pool with a job that is NEW and a table of some megabytes.
CrowdTarget prepare_target(Server& server);

}  // namespace adit::test
