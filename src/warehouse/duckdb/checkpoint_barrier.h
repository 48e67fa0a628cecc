// CheckpointBarrier: keeps checkpoints of a pool out while its files are copied.
#pragma once

#include <memory>

#include "warehouse/duckdb/pool_registry.h"
#include "warehouse/warehouse.h"

namespace adit {

/// An open transaction that has made a table: beside it the engine lets no checkpoint pass, neither ours nor
/// its own beyond `checkpoint_threshold`, while others read, stage and land. It is rolled back, so that the
/// table never was. Lifecycle: holds from raise() to end() or destruction, and keeps the pool open. One
/// thread at a time.
class CheckpointBarrier final : public FilesHold {
 public:
  static Result<std::unique_ptr<FilesHold>> raise(PoolLease<OpenPool> pool);
  CheckpointBarrier(PoolLease<OpenPool> pool, Connection connection);
  ~CheckpointBarrier() override;

  const FileHandle* main_file() const override { return main_file_; }
  Result<void> end() override;

 private:
  PoolLease<OpenPool> pool_;
  Connection connection_;
  const FileHandle* main_file_ = nullptr;
  bool up_ = true;
};

}  // namespace adit
