// The Warehouse over one DuckDB file per pool.
#pragma once

#include "warehouse/duckdb/checkpointer.h"
#include "warehouse/duckdb/inspector.h"
#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/pool_registry.h"
#include "warehouse/stage_places.h"
#include "warehouse/warehouse.h"

namespace adit {

class DuckdbWarehouse final : public Warehouse {
 public:
  DuckdbWarehouse(WarehouseOptions options, LandingBook book, const Clock& clock, Metrics& metrics);
  ~DuckdbWarehouse() override;

  Result<std::vector<ColumnInfo>> inspect(const StagePlan& plan, ChunkOperation operation,
                                          const std::filesystem::path& file) override;
  Result<StagedChunk> stage(const StagePlan& plan, const ChunkFile& chunk, std::stop_token stop) override;
  Result<Landing> land(const LandPlan& plan, std::stop_token stop) override;
  Result<void> check_change(PoolId pool, const TableName& table, const TableChange& change) override;
  Result<void> check_post_execution_query(const JobSpec& spec) override;
  Result<void> discard(PoolId pool, JobId job) override;
  Result<std::optional<Landing>> landed(PoolId pool, JobId job) override;
  Result<void> checkpoint(PoolId pool) override;
  Result<std::unique_ptr<FilesHold>> hold_files(PoolId pool) override;
  Result<std::vector<TableInfo>> tables(PoolId pool) override;
  Result<std::optional<std::uint64_t>> table_bytes(PoolId pool, Opening opening) override;
  Result<std::vector<ColumnInfo>> columns(PoolId pool, const TableName& table) override;
  Result<void> drop_schema(PoolId pool, const std::string& schema) override;
  Result<std::unique_ptr<RowStream>> open_query(PoolId pool, const QueryRequest& request,
                                                std::stop_token stop) override;
  Result<ParquetResult> query_parquet(PoolId pool, const QueryRequest& request,
                                      std::stop_token stop) override;
  Result<void> remove_pool(PoolId pool) override;
  std::optional<double> progress(JobId job) const override;
  void close() override;

 private:
  Result<std::unique_ptr<OpenPool>> open_pool(PoolId pool, std::uint64_t memory_bytes);
  /// The next opening gets more, where there is more.
  void note_short_of_memory(PoolId pool);
  bool exists(PoolId pool) const;
  /// Waits until the write-ahead log is within its bound.
  Result<void> await_small_wal(OpenPool& pool, const std::stop_token& stop);

  const WarehouseOptions options_;
  const LandingBook book_;
  const Clock& clock_;
  Metrics& metrics_;
  Inspector inspector_;
  Interrupter interrupter_;
  OpenPoolRegistry pools_;
  Checkpointer checkpointer_;
  StagePlaces stage_places_;
};

}  // namespace adit
