// Running a user's query: gated, read-only, bounded in time, rows and bytes.
#pragma once

#include <cstdint>
#include <stop_token>

#include "base/result.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/warehouse.h"

namespace adit {

/// Runs `request` on a fresh connection that serves nothing else meanwhile and is given back without a
/// transaction. The result is fetched while the engine computes it, and the engine is stopped as soon as
/// `row_limit` or `result_bytes_max` is reached.
///
/// kInvalid: refused by the gate, or the engine's message about the user's SQL. kTimeout, kCanceled:
/// interrupted; an engine that is planning or in the middle of one long function call may take a while to
/// notice.
Result<QueryResult> run_query(Connection& connection, const QueryRequest& request,
                              std::uint64_t result_bytes_max, std::stop_token stop);

}  // namespace adit
