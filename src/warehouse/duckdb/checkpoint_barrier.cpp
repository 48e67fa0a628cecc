#include "warehouse/duckdb/checkpoint_barrier.h"

#include <utility>

#include "base/failpoint.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {

Result<std::unique_ptr<FilesHold>> CheckpointBarrier::raise(PoolLease<OpenPool> pool) {
  ADIT_TRY(auto connection, pool->connect());
  // Before the transaction: whoever waits for a checkpoint from now on would wait for its end.
  auto barrier = std::make_unique<CheckpointBarrier>(std::move(pool), std::move(connection));
  // An INSERT would not do: checkpoints pass beside it.
  const auto name = quote_identifier("held_" + Uuid::random().to_string());
  ADIT_CHECK(run(barrier->connection_, "BEGIN"));
  ADIT_CHECK(run(barrier->connection_, "CREATE TABLE adit." + name + "(nothing INTEGER)"));
  ADIT_TRY(barrier->main_file_, barrier->pool_->main_file());
  failpoint("warehouse.files_held");
  return std::unique_ptr<FilesHold>(std::move(barrier));
}

CheckpointBarrier::CheckpointBarrier(PoolLease<OpenPool> pool, Connection connection)
    : pool_(std::move(pool)), connection_(std::move(connection)) {
  pool_->hold_files();
}

CheckpointBarrier::~CheckpointBarrier() { static_cast<void>(end()); }

Result<void> CheckpointBarrier::end() {
  if (!std::exchange(up_, false)) return {};
  const auto ended = run(connection_, "ROLLBACK");
  pool_->release_files();
  if (!ended) return ended.error();
  return {};
}

}  // namespace adit
