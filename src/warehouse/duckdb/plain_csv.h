// Reads a small CSV chunk into typed rows without the engine.
#pragma once

#include <optional>
#include <vector>

#include "warehouse/duckdb/chunk_select.h"
#include "warehouse/duckdb/held_rows.h"

namespace adit {

/// nullopt: the file holds something that is not plain (formats/plain_values.h): a type, a value, a quote, a
/// ragged row, a null key. The engine's path then stages it, or says what is wrong.
std::optional<HeldRows> read_plain_csv(const ChunkSource& source, const std::vector<ChunkColumn>& columns,
                                       const RowConstants& constants);

}  // namespace adit
