// Rows whose values follow from job, chunk and row, so that any mix-up shows and can be traced.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "faults/rng.h"

namespace adit::test {

struct TableRow {
  std::int64_t k = 0;          ///< the key column of keyed jobs; repeats often
  std::string source;          ///< `j<job>c<chunk>r<row>`
  std::int64_t v = 0;          ///< a hash of source
  std::int64_t change_ms = 0;  ///< _CELONIS_CHANGE_DATE, another for each job

  auto operator<=>(const TableRow&) const = default;
};
std::string to_string(const TableRow& row);

/// 0 to `rows_max` rows, with keys below `keys`.
std::vector<TableRow> make_rows(Rng& rng, int job, int chunk, std::int64_t change_ms, std::int64_t rows_max,
                                std::int64_t keys);

/// The file of an upserting chunk: columns k, src, v.
std::string csv_bytes(const std::vector<TableRow>& rows);
std::string parquet_bytes(const std::vector<TableRow>& rows);
/// The file of a delete chunk: column k only.
std::string csv_key_bytes(const std::vector<TableRow>& rows);
std::string parquet_key_bytes(const std::vector<TableRow>& rows);

}  // namespace adit::test
