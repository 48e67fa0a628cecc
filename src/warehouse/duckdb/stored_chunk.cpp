#include "warehouse/duckdb/stored_chunk.h"

#include "base/log.h"

namespace adit {

Result<std::optional<std::string>> damage_of(const ChunkFile& chunk) {
  if (!chunk.stored) return std::optional<std::string>();
  ADIT_TRY(const auto found, digest_of_file(chunk.path));
  if (found == *chunk.stored) return std::optional<std::string>();
  log::error("warehouse.chunk_damaged", {{"chunk", chunk.id},
                                         {"file", chunk.path.string()},
                                         {"bytes", found.bytes},
                                         {"bytes_acknowledged", chunk.stored->bytes}});
  const bool cut = found.bytes != chunk.stored->bytes;
  return std::optional(
      "The chunk is damaged on the server's disk: " +
      (cut ? "it has " + std::to_string(found.bytes) + " of " + std::to_string(chunk.stored->bytes) +
                 " bytes."
           : std::string("its bytes are no longer those that were acknowledged.")) +
      " Push it again in a new job, and tell whoever runs the server to look after the disk.");
}

}  // namespace adit
