// Small durable jobs: create, one CSV chunk of a hundred rows, execute, ask until DONE.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "push.h"

namespace adit::bench {

struct SmallJobs {
  double jobs_per_second = 0;
  std::vector<double> latencies;  ///< execute → DONE seen, in milliseconds
};

/// What the lines for small jobs take: connections, jobs of a turn, and those before the first.
inline constexpr int kSmallJobConnections = 8;
inline constexpr int kSmallJobs = 1000;
inline constexpr int kWarmUpJobs = 80;

/// Connections that push small jobs into tables of their own in one pool, one job after another.
class SmallJobClients {
 public:
  /// `rows` is a CSV file of kSmallRows rows.
  SmallJobClients(AditServer& server, std::string pool, const std::filesystem::path& rows, int connections);

  /// Until so many jobs are DONE. Throws when one ends otherwise.
  SmallJobs run(int jobs);
  /// Until `stop` is set.
  SmallJobs run_until(const std::atomic<bool>& stop);
  /// Throws unless the tables have the rows of all jobs so far.
  void check_rows();

 private:
  template <class More>
  SmallJobs run_while(More more);

  AditServer& server_;
  const std::string pool_;
  const std::string rows_;
  const int connections_;
  std::int64_t done_ = 0;
};

}  // namespace adit::bench
