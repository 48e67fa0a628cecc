// Rows whose values follow from job, chunk and row, so that any mix-up shows and can be traced.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faults/rng.h"

namespace adit::test {

struct TableRow {
  std::int64_t k = 0;               ///< the key column of keyed jobs; repeats often
  std::string source;               ///< `j<job>c<chunk>r<row>`
  std::optional<std::int64_t> v{};  ///< a hash of source, or null
  std::int64_t change_ms = 0;       ///< _CELONIS_CHANGE_DATE, another for each job
  std::optional<std::int64_t> w{};  ///< another hash; a column that tables get later, if at all

  auto operator<=>(const TableRow&) const = default;
};
std::string to_string(const TableRow& row);

/// What a table holds; absent: there is no such table. Sorted.
using TableContent = std::optional<std::vector<TableRow>>;

/// Which columns a chunk has besides k and src, which all have.
struct ChunkColumns {
  bool v = true;
  bool w = false;
};

/// 0 to `rows_max` rows, with keys below `keys`. What the chunk lacks is null, and a few other values are.
std::vector<TableRow> make_rows(Rng& rng, int job, int chunk, std::int64_t change_ms, std::int64_t rows_max,
                                std::int64_t keys, ChunkColumns columns = {});

/// The file of an upserting chunk.
std::string csv_bytes(const std::vector<TableRow>& rows, ChunkColumns columns);
std::string parquet_bytes(const std::vector<TableRow>& rows, ChunkColumns columns);
/// The file of a delete chunk: column k only.
std::string csv_key_bytes(const std::vector<TableRow>& rows);
std::string parquet_key_bytes(const std::vector<TableRow>& rows);

}  // namespace adit::test
