// A query's rows all at once, for tests: what they ask for is small.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "warehouse/warehouse.h"

namespace adit {

struct AllRows {
  std::vector<ColumnInfo> columns;
  std::vector<std::vector<Cell>> rows;
  bool truncated = false;
};

/// Reads a RowStream, or what looks like one, to its end.
template <class Stream>
Result<AllRows> all_rows(Result<std::unique_ptr<Stream>> stream) {
  if (!stream) return std::move(stream).error();
  AllRows all{(*stream)->columns(), {}};
  std::vector<std::vector<Cell>> piece;
  do {
    ADIT_CHECK((*stream)->next(piece));
    std::ranges::move(piece, std::back_inserter(all.rows));
  } while (!piece.empty());
  all.truncated = (*stream)->truncated();
  return all;
}

inline Result<AllRows> all_rows(Warehouse& warehouse, PoolId pool, const QueryRequest& request) {
  return all_rows(warehouse.open_query(pool, request, {}));
}

}  // namespace adit
