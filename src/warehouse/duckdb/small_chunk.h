// Reads the rows of a chunk that is small enough to be held in memory.
#pragma once

#include <optional>

#include "warehouse/duckdb/chunk_select.h"
#include "warehouse/duckdb/held_rows.h"

namespace adit {

/// nullopt: the rows are many for their file, or something in them does not fit or is not plain; then the
/// chunk is a matter for the staging table, which says what is wrong. Errors: those that say nothing of the
/// data.
Result<std::optional<HeldRows>> read_small_chunk(Connection& connection, const ChunkSource& source,
                                                 const ChunkSelect& select, const RowConstants& constants);

}  // namespace adit
