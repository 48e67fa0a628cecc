// An engine without a pool that looks at files before their upload is acknowledged.
#pragma once

#include <filesystem>
#include <vector>

#include "base/guarded.h"
#include "warehouse/duckdb/chunk_source.h"

namespace adit {

/// Can read the chunks' folder and nothing else. Thread-safe; connections are kept open, since a look takes
/// about a millisecond.
class Inspector {
 public:
  static Result<Inspector> open(const std::filesystem::path& chunks_root);

  Result<std::vector<ColumnInfo>> inspect(const JobSpec& spec, ChunkOperation operation,
                                          const std::filesystem::path& file);

 private:
  explicit Inspector(Database database)
      : database_(std::move(database)), idle_(std::make_unique<Guarded<std::vector<Connection>>>()) {}

  Database database_;
  std::unique_ptr<Guarded<std::vector<Connection>>> idle_;
};

}  // namespace adit
