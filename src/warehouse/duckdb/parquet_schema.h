// What a Parquet file's own schema says of its columns and the engine's types of them do not.
#pragma once

#include "base/result.h"
#include "warehouse/duckdb/chunk_source.h"

namespace adit {

/// Amends the columns of an opened Parquet file, which must be all of the file's, in its order: marks those
/// whose nanoseconds the engine leaves out. kInvalid, with a sentence for the client, for a column whose
/// values the engine would read wrongly.
Result<void> consult_parquet_schema(Connection& connection, ChunkSource& source);

}  // namespace adit
