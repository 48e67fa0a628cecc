// Whether a chunk's file is still what was acknowledged.
#pragma once

#include <optional>
#include <string>

#include "warehouse/warehouse.h"

namespace adit {

/// What is wrong with the file, for the client; nothing where it is as it was acknowledged, or is not to be
/// held against anything. Reads all of it: about 1.7 GB/s. An error when it can't be read.
Result<std::optional<std::string>> damage_of(const ChunkFile& chunk);

}  // namespace adit
