// An engine without a pool that looks at files before their upload is acknowledged.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "warehouse/duckdb/chunk_source.h"

namespace adit {

/// The columns of a CSV file, or why it can't be taken. The engine has no part in it.
Result<std::vector<ColumnInfo>> inspect_csv(const JobSpec& spec, ChunkOperation operation,
                                            const std::filesystem::path& file);

/// Can read the chunks' folder and nothing else. The engine starts at the first look. Thread-safe;
/// connections are kept open, since a look takes about a millisecond.
class Inspector {
 public:
  explicit Inspector(std::filesystem::path chunks_root) : chunks_root_(std::move(chunks_root)) {}

  Result<std::vector<ColumnInfo>> inspect(const JobSpec& spec, ChunkOperation operation,
                                          const std::filesystem::path& file);

 private:
  struct State {
    std::optional<Database> database;
    std::vector<Connection> idle;
  };

  Result<Connection> borrow();

  const std::filesystem::path chunks_root_;
  Guarded<State> state_;
};

}  // namespace adit
