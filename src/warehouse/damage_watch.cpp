#include "warehouse/damage_watch.h"

#include <set>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// The pools that turned out damaged.
class DamagedPools {
 public:
  explicit DamagedPools(Metrics& metrics) : metrics_(metrics) {}

  void look(PoolId pool, const Error& error) {
    if (!speaks_of_damage(error.internal_detail)) return;
    {
      auto pools = pools_.lock();
      if (!pools->insert(pool).second) return;
      metrics_.pools_damaged.Set(static_cast<double>(pools->size()));
    }
    log::error("a data pool's file is damaged",
               {{"pool", pool},
                {"mend", "stop the server, then: adit doctor --rebuild " + pool.to_string()},
                {"detail", error.internal_detail}});
  }
  void forget(PoolId pool) {
    auto pools = pools_.lock();
    pools->erase(pool);
    metrics_.pools_damaged.Set(static_cast<double>(pools->size()));
  }
  std::size_t count() const { return pools_.lock()->size(); }

 private:
  Metrics& metrics_;
  mutable Guarded<std::set<PoolId>> pools_;
};

class WatchedRows final : public RowStream {
 public:
  WatchedRows(std::unique_ptr<RowStream> rows, PoolId pool, DamagedPools& damaged)
      : rows_(std::move(rows)), pool_(pool), damaged_(damaged) {}

  const std::vector<ColumnInfo>& columns() const override { return rows_->columns(); }
  Result<void> next(std::vector<std::vector<Cell>>& rows) override {
    auto more = rows_->next(rows);
    if (!more) damaged_.look(pool_, more.error());
    return more;
  }
  bool truncated() const override { return rows_->truncated(); }

 private:
  const std::unique_ptr<RowStream> rows_;
  const PoolId pool_;
  DamagedPools& damaged_;
};

class WatchedWarehouse final : public Warehouse {
 public:
  WatchedWarehouse(std::unique_ptr<Warehouse> warehouse, Metrics& metrics)
      : damaged_(metrics), warehouse_(std::move(warehouse)) {}

  Result<std::vector<ColumnInfo>> inspect(const StagePlan& plan, ChunkOperation operation,
                                          const fs::path& file) override {
    return warehouse_->inspect(plan, operation, file);
  }
  Result<StagedChunk> stage(const StagePlan& plan, const ChunkFile& chunk, std::stop_token stop) override {
    return watched(plan.pool, warehouse_->stage(plan, chunk, std::move(stop)));
  }
  Result<Landing> land(const LandPlan& plan, std::stop_token stop) override {
    return watched(plan.stage.pool, warehouse_->land(plan, std::move(stop)));
  }
  Result<void> check_change(PoolId pool, const TableName& table, const TableChange& change) override {
    return watched(pool, warehouse_->check_change(pool, table, change));
  }
  Result<void> check_post_execution_query(const JobSpec& spec) override {
    return warehouse_->check_post_execution_query(spec);
  }
  Result<void> discard(PoolId pool, JobId job) override {
    return watched(pool, warehouse_->discard(pool, job));
  }
  Result<std::optional<Landing>> landed(PoolId pool, JobId job) override {
    return watched(pool, warehouse_->landed(pool, job));
  }
  Result<void> checkpoint(PoolId pool) override { return watched(pool, warehouse_->checkpoint(pool)); }
  Result<std::optional<std::uint64_t>> table_bytes(PoolId pool, Opening opening) override {
    return watched(pool, warehouse_->table_bytes(pool, opening));
  }
  Result<std::unique_ptr<FilesHold>> hold_files(PoolId pool) override {
    return watched(pool, warehouse_->hold_files(pool));
  }
  Result<std::vector<TableInfo>> tables(PoolId pool) override {
    return watched(pool, warehouse_->tables(pool));
  }
  Result<std::vector<ColumnInfo>> columns(PoolId pool, const TableName& table) override {
    return watched(pool, warehouse_->columns(pool, table));
  }
  Result<void> drop_schema(PoolId pool, const std::string& schema) override {
    return watched(pool, warehouse_->drop_schema(pool, schema));
  }
  Result<std::unique_ptr<RowStream>> open_query(PoolId pool, const QueryRequest& request,
                                                std::stop_token stop) override {
    ADIT_TRY(auto rows, watched(pool, warehouse_->open_query(pool, request, std::move(stop))));
    return std::unique_ptr<RowStream>(std::make_unique<WatchedRows>(std::move(rows), pool, damaged_));
  }
  Result<ParquetResult> query_parquet(PoolId pool, const QueryRequest& request,
                                      std::stop_token stop) override {
    return watched(pool, warehouse_->query_parquet(pool, request, std::move(stop)));
  }
  Result<void> remove_pool(PoolId pool) override {
    ADIT_CHECK(warehouse_->remove_pool(pool));
    damaged_.forget(pool);
    return {};
  }
  std::optional<double> progress(JobId job) const override { return warehouse_->progress(job); }
  std::size_t damaged_pools() const override { return damaged_.count(); }
  void close() override { warehouse_->close(); }

 private:
  template <class T>
  Result<T> watched(PoolId pool, Result<T> result) {
    if (!result) damaged_.look(pool, result.error());
    return result;
  }

  DamagedPools damaged_;
  const std::unique_ptr<Warehouse> warehouse_;
};

}  // namespace

bool speaks_of_damage(std::string_view engine_message) {
  if (engine_message.find("Corrupt database file") != std::string_view::npos) return true;
  // Of other files it says the same: of a chunk's.
  return engine_message.find("Could not read enough bytes") != std::string_view::npos &&
         engine_message.find("pool.db") != std::string_view::npos;
}

std::unique_ptr<Warehouse> watch_for_damage(std::unique_ptr<Warehouse> warehouse, Metrics& metrics) {
  return std::make_unique<WatchedWarehouse>(std::move(warehouse), metrics);
}

}  // namespace adit
