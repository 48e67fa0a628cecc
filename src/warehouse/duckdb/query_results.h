// Results of queries that are too large to be held: streams of rows and Parquet files.
#pragma once

#include <memory>
#include <stop_token>

#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/pool_registry.h"
#include "warehouse/warehouse.h"

namespace adit {

/// The stream keeps the pool open. Errors as QueryRun.
Result<std::unique_ptr<RowStream>> stream_query(OpenPoolLease pool, Interrupter& interrupter,
                                                const QueryRequest& request, std::stop_token stop);

/// Writes the result with the engine's own writer into the pool's folder for exports, the only place beside
/// the chunks' that the engine may open, and takes the file's name away. The user's text passes the gate
/// before it is put into the COPY. Stops with kStorageFull when less than `free_bytes_min` would be left on
/// the volume.
Result<ParquetResult> write_parquet(OpenPool& pool, Interrupter& interrupter, const QueryRequest& request,
                                    std::uint64_t free_bytes_min, std::stop_token stop);

}  // namespace adit
