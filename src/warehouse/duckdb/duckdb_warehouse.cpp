#include "warehouse/duckdb/duckdb_warehouse.h"

#include <chrono>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "formats/names.h"
#include "warehouse/duckdb/job_work.h"
#include "warehouse/duckdb/pool_opener.h"
#include "warehouse/duckdb/query.h"
#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/table_columns.h"

namespace adit {
namespace {

constexpr std::chrono::milliseconds kWaitStep{50};
constexpr std::chrono::seconds kWalWaitMax{60};

/// Observes the seconds from its making to its end.
class Stopwatch {
 public:
  explicit Stopwatch(prometheus::Histogram& histogram) : histogram_(histogram) {}
  ~Stopwatch() {
    histogram_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  prometheus::Histogram& histogram_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace

DuckdbWarehouse::DuckdbWarehouse(WarehouseOptions options, MissingLandings missing, const Clock& clock,
                                 Metrics& metrics, Inspector inspector)
    : options_(std::move(options)),
      missing_(std::move(missing)),
      clock_(clock),
      metrics_(metrics),
      inspector_(std::move(inspector)),
      pools_(
          {.pools_open_max = options_.pools_open_max, .memory_bytes_max = options_.memory_bytes_max},
          [this](PoolId pool, std::uint64_t memory_bytes) { return open_pool(pool, memory_bytes); },
          interrupter_, metrics),
      checkpointer_(pools_, options_.checkpoint_interval, options_.wal_bytes_max / 8, metrics) {}

DuckdbWarehouse::~DuckdbWarehouse() { close(); }

void DuckdbWarehouse::close() {
  checkpointer_.stop();
  pools_.close();
}

Result<std::unique_ptr<OpenPool>> DuckdbWarehouse::open_pool(PoolId id, std::uint64_t memory_bytes) {
  const PoolSettings settings{.folder = options_.root / id.to_string(),
                              .chunks_root = options_.chunks_root,
                              .memory_bytes = memory_bytes,
                              .threads = options_.threads_per_pool,
                              .workers = options_.stages_max + 1,
                              .held_chunk_bytes_max = options_.held_chunk_bytes_max,
                              .folder_sync = options_.folder_sync};
  ADIT_TRY(auto pool, open_or_set_aside(id, settings, clock_));
  if (missing_) {
    ADIT_TRY(const auto landed, JobWork(*pool, interrupter_, clock_).all_landed());
    ADIT_TRY(const auto missing, missing_(id, landed));
    ADIT_CHECK(repair(*pool, interrupter_, clock_, missing));
  }
  return pool;
}

/// Whether the pool has a file: reading from one without would only make it.
bool DuckdbWarehouse::exists(PoolId pool) const {
  std::error_code error;
  return std::filesystem::exists(options_.root / pool.to_string() / "pool.db", error);
}

Result<std::vector<ColumnInfo>> DuckdbWarehouse::inspect(const StagePlan& plan, ChunkOperation operation,
                                                         const std::filesystem::path& file) {
  return inspector_.inspect(plan.spec, operation, file);
}

Result<void> DuckdbWarehouse::take_stage_place(const std::stop_token& stop) {
  auto stages = stages_.lock();
  while (*stages >= options_.stages_max) {
    if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The work was canceled."};
    stage_ended_.wait_for(stages.unique_lock(), kWaitStep);
  }
  ++*stages;
  return {};
}

Result<void> DuckdbWarehouse::await_small_wal(OpenPool& pool, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + kWalWaitMax;
  while (pool.wal_bytes() > options_.wal_bytes_max && !checkpointer_.checkpoint(pool)) {
    if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The work was canceled."};
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{ErrorKind::kUnavailable, "The pool is busy writing what it took so far; try again later.",
                   "no checkpoint passes and the log is above its bound"};
    }
    std::this_thread::sleep_for(kWaitStep);
  }
  return {};
}

Result<StagedChunk> DuckdbWarehouse::stage(const StagePlan& plan, const ChunkFile& chunk,
                                           std::stop_token stop) {
  ADIT_TRY(const auto pool, pools_.acquire(plan.pool));
  ADIT_CHECK(await_small_wal(*pool, stop));
  ADIT_CHECK(take_stage_place(stop));
  Result<StagedChunk> staged = [&] {
    const Stopwatch stopwatch(metrics_.stage_seconds);
    return JobWork(*pool, interrupter_, clock_).stage(plan, chunk, stop);
  }();
  --*stages_.lock();
  stage_ended_.notify_one();
  checkpointer_.look_at(*pool);
  return staged;
}

Result<Landing> DuckdbWarehouse::land(const LandPlan& plan, std::stop_token stop) {
  ADIT_TRY(const auto pool, pools_.acquire(plan.stage.pool));
  const Stopwatch stopwatch(metrics_.land_seconds);
  auto landing = JobWork(*pool, interrupter_, clock_).land(plan, std::move(stop));
  if (landing) metrics_.rows_landed.Increment(static_cast<double>(landing->rows));
  checkpointer_.look_at(*pool);
  return landing;
}

Result<void> DuckdbWarehouse::discard(PoolId id, JobId job) {
  if (!exists(id)) return {};
  ADIT_TRY(const auto pool, pools_.acquire(id));
  return JobWork(*pool, interrupter_, clock_).discard(job);
}

Result<std::optional<Landing>> DuckdbWarehouse::landed(PoolId id, JobId job) {
  ADIT_TRY(const auto pool, pools_.acquire(id));
  return JobWork(*pool, interrupter_, clock_).landed(job);
}

Result<void> DuckdbWarehouse::checkpoint(PoolId id) {
  ADIT_TRY(const auto pool, pools_.acquire(id));
  return checkpointer_.checkpoint(*pool);
}

Result<std::vector<TableInfo>> DuckdbWarehouse::tables(PoolId id) {
  ADIT_TRY(const auto pool, pools_.acquire(id));
  ADIT_TRY(auto connection, pool->borrow());
  ADIT_TRY(const auto rows,
           run(*connection,
               "SELECT table_name, false, estimated_size FROM duckdb_tables() WHERE NOT internal AND "
               "schema_name = 'main' AND "
               "database_name = current_database() UNION ALL SELECT view_name, true, 0 FROM duckdb_views() "
               "WHERE NOT "
               "internal AND schema_name = 'main' AND database_name = current_database() ORDER BY 1"));
  std::vector<TableInfo> tables;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    TableInfo table{.name = rows.text(row, 0).value_or(""), .view = rows.boolean(row, 1).value_or(false)};
    table.rows_estimated = static_cast<std::uint64_t>(rows.integer(row, 2).value_or(0));
    if (!is_reserved_name(table.name)) tables.push_back(std::move(table));
  }
  return tables;
}

Result<std::vector<ColumnInfo>> DuckdbWarehouse::columns(PoolId id, const std::string& table) {
  ADIT_TRY(const auto pool, pools_.acquire(id));
  const auto known = pool->table(table);
  if (!known) return not_found("There is no table \"" + shorten(table, kNameBytesMax) + "\" in this pool.");
  ADIT_TRY(auto connection, pool->borrow());
  ADIT_TRY(auto columns, table_columns(*connection, known->name));
  if (!columns) return not_found("There is no table \"" + shorten(table, kNameBytesMax) + "\" in this pool.");
  std::erase_if(*columns, [](const auto& column) { return is_reserved_name(column.name); });
  return std::move(*columns);
}

Result<QueryResult> DuckdbWarehouse::query(PoolId id, const QueryRequest& request, std::stop_token stop) {
  ADIT_TRY(const auto pool, pools_.acquire(id));
  ADIT_TRY(auto connection, pool->connect());
  const Stopwatch stopwatch(metrics_.query_seconds);
  return run_query(connection, request, options_.result_bytes_max, std::move(stop));
}

std::optional<double> DuckdbWarehouse::progress(JobId job) const { return interrupter_.progress(job); }

Result<std::unique_ptr<Warehouse>> open_duckdb_warehouse(WarehouseOptions options, MissingLandings missing,
                                                         const Clock& clock, Metrics& metrics) {
  ADIT_CHECK(create_folders(options.root));
  ADIT_CHECK(create_folders(options.chunks_root));
  options.root = std::filesystem::absolute(options.root);
  options.chunks_root = std::filesystem::absolute(options.chunks_root);
  ADIT_TRY(auto inspector, Inspector::open(options.chunks_root));
  return std::unique_ptr<Warehouse>(std::make_unique<DuckdbWarehouse>(std::move(options), std::move(missing),
                                                                      clock, metrics, std::move(inspector)));
}

}  // namespace adit
