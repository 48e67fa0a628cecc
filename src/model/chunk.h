// One file of a push job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "model/ids.h"

namespace adit {

enum class ChunkOperation { kUpsert, kDelete };
enum class ChunkState {
  kStored,   ///< its bytes are safe
  kStaging,  ///< it is being parsed
  kStaged,   ///< its rows are typed, checked and counted
  kFailed,   ///< it can't be read; Chunk::errors says why
};

std::string_view to_string(ChunkOperation operation);
std::string_view to_string(ChunkState state);
std::optional<ChunkOperation> parse_chunk_operation(std::string_view word);
std::optional<ChunkState> parse_chunk_state(std::string_view word);

/// What is wrong with a chunk's data, where, and how to mend it. Absent parts are not known.
struct DataError {
  std::string message;                ///< a full sentence with the reason and the mend
  std::optional<std::uint64_t> row;   ///< 1-based data row of the chunk
  std::optional<std::uint64_t> line;  ///< 1-based line of a CSV file, the header being line 1
  std::optional<std::uint64_t> byte;  ///< 0-based offset in the decoded file
  std::optional<std::string> column;
  std::optional<std::string> value;  ///< the offending text, shortened to 200 characters

  bool operator==(const DataError&) const = default;
};

struct Chunk {
  ChunkId id;
  JobId job;
  ChunkOperation operation = ChunkOperation::kUpsert;
  std::int64_t position = 0;  ///< rises within the job in the order of acknowledgement
  /// The client's own number: such chunks apply in its order, before all without one.
  std::optional<std::int64_t> sequence{};
  std::uint64_t bytes = 0;  ///< of the decoded file
  Sha256Digest digest{};
  ChunkState state = ChunkState::kStored;
  std::optional<std::uint64_t> rows;  ///< once staged
  std::vector<DataError> errors;
  Timestamp created{};
};

}  // namespace adit
