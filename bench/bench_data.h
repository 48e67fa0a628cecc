// The data that is pushed: an event log, made once by the engine from nothing but row numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace adit::bench {

/// The files, all of the same `rows` (by default ten millions) unless said otherwise.
struct BenchData {
  std::filesystem::path folder;
  std::int64_t rows = 0;
  std::filesystem::path parquet;             ///< the event log: 8 columns, snappy
  std::filesystem::path csv;                 ///< the same rows
  std::vector<std::filesystem::path> parts;  ///< the same rows in ten Parquet files
  std::filesystem::path keyed;               ///< an event log with the unique column event_id
  std::vector<std::filesystem::path>
      deltas;  ///< 1,000 rows each with keys scattered over keyed's; nine of ten exist there
  std::filesystem::path small_csv;  ///< 100 rows
};

inline constexpr std::int64_t kDeltaRows = 1000;
inline constexpr std::int64_t kSmallRows = 100;
inline constexpr int kDeltas = 32;

/// Uses what an earlier run left below `folder`, else makes it. `rows` is a multiple of 10,000. Throws
/// std::runtime_error.
BenchData prepare_data(const std::filesystem::path& folder, std::int64_t rows);

}  // namespace adit::bench
