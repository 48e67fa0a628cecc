#include "warehouse/duckdb/duckdb_warehouse.h"

#include <chrono>
#include <thread>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/stopwatch.h"
#include "formats/names.h"
#include "warehouse/duckdb/checkpoint_barrier.h"
#include "warehouse/duckdb/job_work.h"
#include "warehouse/duckdb/pool_opener.h"
#include "warehouse/duckdb/query.h"
#include "warehouse/duckdb/query_results.h"
#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/table_change.h"
#include "warehouse/duckdb/table_columns.h"
#include "warehouse/duckdb/table_lists.h"
#include "warehouse/duckdb/table_statement.h"
#include "warehouse/interruption.h"

namespace adit {
namespace {

constexpr std::chrono::milliseconds kWaitStep{50};
constexpr std::chrono::seconds kWalWaitMax{60};

Error unknown_table(const TableName& table) {
  const auto where =
      table.schema.empty() ? std::string("this pool") : "the data connection \"" + table.schema + '"';
  return not_found("There is no table \"" + shorten(table.name, kNameBytesMax) + "\" in " + where + ".");
}

/// The SQL of a request for a table.
Result<QueryRequest> resolve(OpenPool& pool, QueryRequest request) {
  if (!request.table) return request;
  const auto known = pool.table(*request.table);
  if (!known) return unknown_table(*request.table);
  request.sql = "SELECT * FROM " + quote_table(known->name);
  return request;
}

}  // namespace

DuckdbWarehouse::DuckdbWarehouse(WarehouseOptions options, LandingBook book, const Clock& clock,
                                 Metrics& metrics)
    : options_(std::move(options)),
      book_(std::move(book)),
      clock_(clock),
      metrics_(metrics),
      inspector_(options_.chunks_root),
      pools_(
          {.pools_open_max = options_.pools_open_max, .memory_bytes_max = options_.memory_bytes_max},
          [this](PoolId pool, std::uint64_t memory_bytes) { return open_pool(pool, memory_bytes); },
          [this](PoolId pool, OpenPool*) { interrupter_.interrupt_pool(pool); }, &metrics.pools_open),
      checkpointer_(pools_, options_.checkpoint_interval, options_.idle_max, options_.wal_bytes_max / 8,
                    metrics),
      stage_places_(options_.stages_max) {}

DuckdbWarehouse::~DuckdbWarehouse() { close(); }

void DuckdbWarehouse::close() {
  checkpointer_.stop();
  pools_.close();
}

Result<std::unique_ptr<OpenPool>> DuckdbWarehouse::open_pool(PoolId id, std::uint64_t memory_bytes) {
  if (options_.may_open) ADIT_CHECK(options_.may_open(id));
  const PoolSettings settings{.folder = options_.root / id.to_string(),
                              .chunks_root = options_.chunks_root,
                              .memory_bytes = memory_bytes,
                              .threads = options_.threads_per_pool,
                              .workers = StagePlaces::of_one_pool(options_.stages_max) + 1,
                              .held_chunk_bytes_max = options_.held_chunk_bytes_max,
                              .folder_sync = options_.folder_sync};
  auto pool = open_or_set_aside(id, settings, clock_);
  if (!pool && pool.error().short_of_memory) note_short_of_memory(id);
  if (!pool) return std::move(pool).error().error;
  if (!book_.landed) return std::move(*pool);
  const auto repaired = repair(**pool, interrupter_, clock_, book_);
  if (!repaired && repaired.error().kind == ErrorKind::kUnavailable) note_short_of_memory(id);
  if (!repaired) return repaired.error();
  return std::move(*pool);
}

void DuckdbWarehouse::note_short_of_memory(PoolId pool) {
  metrics_.openings_short_of_memory.Increment();
  pools_.enlarge(pool);
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

Result<void> DuckdbWarehouse::await_small_wal(OpenPool& pool, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + kWalWaitMax;
  while (pool.wal_bytes() > options_.wal_bytes_max && !pool.files_held() && !checkpointer_.checkpoint(pool)) {
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
  auto staged = stage_places_.with_place(plan.pool, stop, [&]() -> Result<StagedChunk> {
    const Stopwatch stopwatch(metrics_.stage_seconds);
    return JobWork(*pool, interrupter_, clock_).stage(plan, chunk, stop);
  });
  checkpointer_.look_at(*pool);
  return tell_cancels_from_closing(std::move(staged), stop);
}

Result<Landing> DuckdbWarehouse::land(const LandPlan& plan, std::stop_token stop) {
  ADIT_TRY(const auto pool, pools_.acquire(plan.stage.pool));
  const Stopwatch stopwatch(metrics_.land_seconds);
  auto landing = JobWork(*pool, interrupter_, clock_).land(plan, stop);
  if (landing && !plan.stage.spec.change) metrics_.rows_landed.Increment(static_cast<double>(landing->rows));
  checkpointer_.look_at(*pool);
  return tell_cancels_from_closing(std::move(landing), stop);
}

Result<void> DuckdbWarehouse::check_change(PoolId id, const TableName& table, const TableChange& change) {
  ADIT_TRY(const auto pool, pools_.acquire(id));
  const auto known = pool->table(table);
  if (!known) return unknown_table(table);
  ADIT_TRY(auto connection, pool->connect());
  ADIT_TRY(const auto transaction, ReadTransaction::begin(connection));
  const auto sql = table_change_sql(connection, *known, change);
  if (sql) return {};
  // Dropped just now, it would be the predicate's mistake.
  ADIT_TRY(const auto columns, table_columns(connection, known->name));
  return columns ? sql.error() : unknown_table(table);
}

Result<void> DuckdbWarehouse::check_post_execution_query(const JobSpec& spec) {
  ADIT_CHECK(parse_table_statement(spec.post_execution_query.value_or(""), spec.schema));
  return {};
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

Result<std::optional<std::uint64_t>> DuckdbWarehouse::table_bytes(PoolId id, Opening opening) {
  auto pool = pools_.find(id);
  if (!pool && !exists(id)) return std::optional<std::uint64_t>(0);
  if (!pool && opening == Opening::kIfOpen) return std::optional<std::uint64_t>();
  if (!pool) {
    ADIT_TRY(auto opened, pools_.acquire(id));
    pool.emplace(std::move(opened));
  }
  ADIT_TRY(auto connection, (*pool)->borrow());
  ADIT_TRY(const auto size, run(*connection,
                                "SELECT used_blocks * block_size FROM pragma_database_size() WHERE "
                                "database_name = current_database()"));
  const auto used = static_cast<std::uint64_t>(size.integer(0, 0).value_or(0));
  return std::optional(used + (*pool)->wal_bytes());
}

Result<std::unique_ptr<FilesHold>> DuckdbWarehouse::hold_files(PoolId id) {
  ADIT_TRY(auto pool, pools_.acquire(id));
  return CheckpointBarrier::raise(std::move(pool));
}

Result<std::vector<TableInfo>> DuckdbWarehouse::tables(PoolId id) {
  ADIT_TRY(const auto pool, pools_.acquire(id));
  ADIT_TRY(auto connection, pool->borrow());
  return list_tables(*connection);
}

Result<std::vector<ColumnInfo>> DuckdbWarehouse::columns(PoolId id, const TableName& table) {
  ADIT_TRY(const auto pool, pools_.acquire(id));
  ADIT_TRY(auto connection, pool->borrow());
  ADIT_TRY(auto columns, list_columns(*connection, table));
  if (!columns) return unknown_table(table);
  return *std::move(columns);
}

Result<void> DuckdbWarehouse::drop_schema(PoolId id, const std::string& schema) {
  if (!exists(id)) return {};
  ADIT_TRY(const auto pool, pools_.acquire(id));
  ADIT_TRY(auto connection, pool->borrow());
  ADIT_CHECK(pool->schemas().drop(*connection, schema));
  pool->committed();
  return {};
}

Result<void> DuckdbWarehouse::remove_pool(PoolId id) {
  const auto folder = options_.root / id.to_string();
  return pools_.retire(id, [&]() -> Result<void> {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error) return system_error(error.value(), "remove " + folder.string());
    return sync_folder(options_.root);
  });
}

Result<std::unique_ptr<RowStream>> DuckdbWarehouse::open_query(PoolId id, const QueryRequest& request,
                                                               std::stop_token stop) {
  ADIT_TRY(auto pool, pools_.acquire(id));
  ADIT_TRY(const auto resolved, resolve(*pool, request));
  return tell_cancels_from_closing(stream_query(std::move(pool), interrupter_, resolved, stop), stop);
}

Result<ParquetResult> DuckdbWarehouse::query_parquet(PoolId id, const QueryRequest& request,
                                                     std::stop_token stop) {
  ADIT_TRY(const auto pool, pools_.acquire(id));
  ADIT_TRY(const auto resolved, resolve(*pool, request));
  return tell_cancels_from_closing(
      write_parquet(*pool, interrupter_, resolved, options_.free_bytes_min, stop), stop);
}

std::optional<double> DuckdbWarehouse::progress(JobId job) const { return interrupter_.progress(job); }

Result<std::unique_ptr<Warehouse>> open_duckdb_warehouse(WarehouseOptions options, LandingBook book,
                                                         const Clock& clock, Metrics& metrics) {
  ADIT_CHECK(create_folders(options.root));
  ADIT_CHECK(create_folders(options.chunks_root));
  options.root = std::filesystem::absolute(options.root);
  options.chunks_root = std::filesystem::absolute(options.chunks_root);
  return std::unique_ptr<Warehouse>(
      std::make_unique<DuckdbWarehouse>(std::move(options), std::move(book), clock, metrics));
}

}  // namespace adit
