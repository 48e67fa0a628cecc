// The Warehouse whose engines run in processes of their own, one for each pool.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <unordered_map>

#include "base/guarded.h"
#include "warehouse/host/crash_book.h"
#include "warehouse/host/engine_host.h"
#include "warehouse/pool_registry.h"
#include "warehouse/stage_places.h"
#include "warehouse/warehouse.h"

namespace adit {

using HostRegistry = PoolRegistry<EngineHost>;
using HostLease = PoolLease<EngineHost>;

/// What a process of an engine does is what DuckdbWarehouse does; here stands which process is asked, and
/// what its end means for what was under way.
class HostedWarehouse final : public Warehouse {
 public:
  HostedWarehouse(WarehouseOptions options, HostOptions hosts, LandingBook book, const Clock& clock,
                  Metrics& metrics);
  ~HostedWarehouse() override;

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
  /// Whether the pool has a file: asking for one without would only make it.
  bool exists(PoolId pool) const;
  bool log_is_large(PoolId pool) const;
  /// The pool's process, which is started if it does not run.
  Result<HostLease> acquire(PoolId pool);
  /// Asks it.
  template <class Request>
  Result<typename Request::Answer> ask(PoolId pool, const Request& request, const std::stop_token& stop = {});
  Result<std::unique_ptr<EngineHost>> start_host(PoolId pool, std::uint64_t memory_bytes);
  HostStart host_start(HostRole role, PoolId pool, std::uint64_t memory_bytes);
  Result<Landing> settle_given_up(PoolId pool, JobId job);
  /// Calls `look` with each registry, again and again.
  std::jthread watch(const std::function<void(HostRegistry&)>& look);

  const WarehouseOptions options_;
  const HostOptions host_options_;
  const LandingBook book_;
  const Clock& clock_;
  Metrics& metrics_;
  CrashBook crashes_;
  HostStarter starter_;
  mutable HostRegistry hosts_;
  HostRegistry inspectors_;       ///< one at most, under an id of no pool
  HostRegistry lone_inspectors_;  ///< the same, each for one upload and under an id that it has alone
  StagePlaces stage_places_;
  mutable Guarded<std::unordered_map<JobId, PoolId>> working_;  ///< for progress()
  std::array<std::jthread, 3> watches_;
};

}  // namespace adit
