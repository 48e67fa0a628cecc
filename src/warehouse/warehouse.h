// warehouse/ is where tables live. It knows rows, columns, files of chunks and SQL; it knows no HTTP, no
// catalog and no principals. Requests and answers are plain values, so that they can cross a process
// boundary.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/copy_file.h"
#include "base/file.h"
#include "base/metrics.h"
#include "base/result.h"
#include "model/chunk.h"
#include "model/job.h"
#include "model/pool.h"
#include "model/table_name.h"

namespace adit {

/// What the warehouse needs to know of a job.
struct StagePlan {
  PoolId pool;
  JobId job;
  JobSpec spec;
  Timestamp change_date{};  ///< goes into _CELONIS_CHANGE_DATE of every row
};

/// A chunk's file as the warehouse reads it.
struct ChunkFile {
  ChunkId id;
  std::int64_t position = 0;
  ChunkOperation operation = ChunkOperation::kUpsert;
  std::filesystem::path path;
  /// What was acknowledged: the file is held against it before its rows are read. Absent: it was written a
  /// moment ago.
  std::optional<FileDigest> stored{};
};

/// What became of one chunk. With errors it counts as failed, and none of its rows are kept.
struct StagedChunk {
  ChunkId id;
  std::uint64_t rows = 0;
  std::vector<DataError> errors;  ///< the first ones, at most 100
};

struct LandPlan {
  StagePlan stage;
  std::vector<ChunkFile>
      chunks;  ///< all of the job, by position; those without a staging mark are staged first
};

/// What a landed job did to its table; also what the landing mark in the pool's file holds.
struct Landing {
  JobId job;
  std::uint64_t rows = 0;  ///< of the job, in its table; of a table change, those that went
  Timestamp landed_at{};
  std::vector<std::string> notes;  ///< for the job's logs: added and widened columns and the like
};

struct QueryRequest {
  std::string sql;
  std::uint64_t row_limit = 10'000;
  std::chrono::milliseconds timeout{60'000};
  std::optional<TableName> table{};  ///< instead of `sql`: all rows of this table or view
};

/// One value of a result as JSON can hold it: integers within ±2^53 as numbers, larger ones, decimals, dates,
/// times, NaN and infinities as text.
using Cell = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// The rows of a query, fetched while the engine computes them; memory is a few thousand rows, whatever their
/// number. Destruction ends the query. One thread at a time; calls block.
class RowStream {
 public:
  virtual ~RowStream() = default;
  virtual const std::vector<ColumnInfo>& columns() const = 0;
  /// Replaces `rows` with the next ones; none at the end. Errors as Warehouse::open_query().
  virtual Result<void> next(std::vector<std::vector<Cell>>& rows) = 0;
  /// After the end: whether there were more rows than the request's row_limit.
  virtual bool truncated() const = 0;
};

/// As long as it lives no checkpoint of a pool passes, so that nothing of its main file is written over; work
/// goes on, into the log. Whoever copies the files of pool_files() (pool_files.h) in their order meanwhile
/// has what was committed when the log was copied: what the log refers to is in the main file before it is in
/// the log, and a part of an entry at the log's end counts as none.
class FilesHold {
 public:
  virtual ~FilesHold() = default;
  /// The main file, where the engine has it open in this process: closing another descriptor of it would give
  /// up the engine's lock on it (fcntl(2)). Null: it is opened by its name.
  virtual const FileHandle* main_file() const = 0;
  /// Ends it. An error says that it may not have held all the time: what was copied is to be thrown away.
  virtual Result<void> end() = 0;
};

/// A result as a Parquet file that has no name any more: it is gone with its handle.
struct ParquetResult {
  FileHandle file;
  std::uint64_t bytes = 0;
};

/// What is known elsewhere of a pool's landings. Asked when its file is opened, so that what has no mark
/// there is landed again. Called from warehouse threads.
struct LandingBook {
  /// The DONE jobs whose chunks are still kept, in the order of their execution: those that come next behind
  /// `after`, as many as are told at a time. None: there are no more.
  std::function<Result<std::vector<JobPlace>>(PoolId pool, std::int64_t after)> landed;
  /// How to land one of them again; nullopt where that can't be had any more.
  std::function<Result<std::optional<LandPlan>>(PoolId pool, JobId job)> plan;
};

/// Asked before a pool is opened, which makes its file: an error is the answer of whoever wants it opened;
/// kNotFound where the pool has been deleted. Called from warehouse threads.
using PoolMayOpen = std::function<Result<void>(PoolId pool)>;

/// Whether a pool is opened for a question that can do without its answer.
enum class Opening { kIfNeeded, kIfOpen };

struct WarehouseOptions {
  std::filesystem::path root;                   ///< pool files: <root>/<pool>/pool.db
  std::filesystem::path chunks_root;            ///< the only other folder the engine may read
  std::uint64_t memory_bytes_max = 2ULL << 30;  ///< shared by all open pools
  std::size_t pools_open_max = 32;
  std::size_t threads_per_pool = 0;  ///< 0: one per processor
  std::size_t stages_max = 2;        ///< chunks staged at the same time; of one pool about half as many
  /// Chunks up to this size are held in memory until their job lands, instead of in a staging table. 0: none.
  std::uint64_t held_chunk_bytes_max = 256ULL << 10;
  std::uint64_t wal_bytes_max = 1ULL << 30;  ///< above it no stage starts until a checkpoint has passed
  std::chrono::milliseconds checkpoint_interval{30'000};
  /// An open pool that nobody has asked for so long is closed, and its memory goes back to the system. 0:
  /// never.
  std::chrono::milliseconds idle_max{300'000};
  std::uint64_t free_bytes_min = 1ULL << 30;  ///< that results written to files leave on the volume
  FolderSync folder_sync = sync_folder;
  PoolMayOpen may_open{};  ///< absent: all pools may
};

/// The tables of all pools. Thread-safe; calls block for as long as the work takes. A pool's file is opened
/// when it is first needed and repaired then: expected landings without a mark are landed again.
///
/// Stopping: a stop request interrupts the engine, rolls back and returns kCanceled; past the commit it is
/// ignored and the call succeeds.
class Warehouse {
 public:
  virtual ~Warehouse() = default;

  /// Looks at a file before its upload is acknowledged: is it of the job's type, has it a header or footer
  /// that can be read, are the key columns there? Reads no rows. kInvalid with a message for the client
  /// otherwise; a missing key column's message holds the words "Internal error while validating the Parquet".
  virtual Result<std::vector<ColumnInfo>> inspect(const StagePlan& plan, ChunkOperation operation,
                                                  const std::filesystem::path& file) = 0;

  /// Turns one chunk into typed rows of the job's staging table. Chunks of one job come in the order of their
  /// positions, one at a time; a chunk already staged is not staged again, and one that comes out of order
  /// throws away what was staged of the job, for land() to stage again. Bad data is no Error: it stands in
  /// StagedChunk::errors. Errors: kCanceled, kStorageFull, kUnavailable, kInternal.
  virtual Result<StagedChunk> stage(const StagePlan& plan, const ChunkFile& chunk, std::stop_token stop) = 0;

  /// Changes the table in one transaction with the job's landing mark, staging first what is not staged. A
  /// job that has landed already is not landed again: its mark is returned. kInvalid when the data can't land
  /// (a type that can't be widened, a failed chunk): the table is as before and the message says why.
  /// Once committed it has landed, also where the disk then fails to confirm it: one of the notes says so.
  virtual Result<Landing> land(const LandPlan& plan, std::stop_token stop) = 0;

  /// Whether a table change could be made now: kNotFound for the table; kInvalid, with the reason for the
  /// client, for a view that is no table and for a predicate that does not pass. The change itself is land(),
  /// with a plan whose job has a `change` and no chunks: the landing's rows are those that went, and a table
  /// that is gone meanwhile is no error.
  virtual Result<void> check_change(PoolId pool, const TableName& table, const TableChange& change) = 0;

  /// Whether the job's postExecutionQuery has the form of a statement that may run after its rows: CREATE
  /// TABLE … AS, INSERT, UPDATE or DELETE, of a global table or one of the job's schema. What it names is
  /// looked at when the job lands. kInvalid.
  virtual Result<void> check_post_execution_query(const JobSpec& spec) = 0;

  /// Drops what was staged for a job. Nothing staged is no error.
  virtual Result<void> discard(PoolId pool, JobId job) = 0;

  /// The mark of a job, if it has landed; what recovery asks.
  virtual Result<std::optional<Landing>> landed(PoolId pool, JobId job) = 0;

  /// Writes everything landed so far into the pool's main file, so that chunk files may be removed.
  /// kUnavailable when the engine refuses at the moment.
  virtual Result<void> checkpoint(PoolId pool) = 0;

  /// What the pool's tables and its log use of its files, in bytes; what was deleted counts until a
  /// checkpoint has passed, and blocks that are free for reuse do not. Nothing there is 0. With kIfOpen
  /// nothing for a pool that would have to be opened.
  virtual Result<std::optional<std::uint64_t>> table_bytes(PoolId pool, Opening opening) = 0;

  /// For a copy of the pool's files. Opens the pool, which makes its file where there is none; waits for a
  /// checkpoint that runs.
  virtual Result<std::unique_ptr<FilesHold>> hold_files(PoolId pool) = 0;

  /// Global tables and views first, then those of the connections.
  virtual Result<std::vector<TableInfo>> tables(PoolId pool) = 0;
  /// kNotFound.
  virtual Result<std::vector<ColumnInfo>> columns(PoolId pool, const TableName& table) = 0;
  /// Ends a connection's schema, which comes with the first job into it. None there is no error; kConflict
  /// while anything is in it or a job is at work there.
  virtual Result<void> drop_schema(PoolId pool, const std::string& schema) = 0;
  /// Runs one read-only statement that passed the gate, as a stream: row_limit and timeout hold for it as a
  /// whole, and the pool stays open as long as it lives. kInvalid: the statement is refused or wrong, and the
  /// message says why; kTimeout; kCanceled.
  virtual Result<std::unique_ptr<RowStream>> open_query(PoolId pool, const QueryRequest& request,
                                                        std::stop_token stop) = 0;
  /// The same written to a file on the pool's volume. kStorageFull before the volume is full.
  virtual Result<ParquetResult> query_parquet(PoolId pool, const QueryRequest& request,
                                              std::stop_token stop) = 0;

  /// Ends all work on a pool, closes it and removes its files. Nothing there is no error. kUnavailable when
  /// what runs does not end in time: the same again goes on. Until it returns the pool is kNotFound for
  /// others.
  virtual Result<void> remove_pool(PoolId pool) = 0;

  /// How many pools turned out damaged since the process began; see damage_watch.h.
  virtual std::size_t damaged_pools() const { return 0; }
  /// 0 to 1 for a job whose chunk is being staged or that is landing, if the engine can tell.
  virtual std::optional<double> progress(JobId job) const = 0;
  /// Refuses new work and closes all pools with a last checkpoint.
  virtual void close() = 0;
};

Result<std::unique_ptr<Warehouse>> open_duckdb_warehouse(WarehouseOptions options, LandingBook book,
                                                         const Clock& clock, Metrics& metrics);

/// How engines run in processes of their own.
struct HostOptions {
  /// The folder that holds a pool's chunks, which is all that its process may read besides its own; all of
  /// chunks_root without it. It must stay as long as the pool does.
  std::function<std::filesystem::path(PoolId pool)> chunk_folder;
  /// Shut in by Landlock and seccomp.
  bool confined = true;
  /// Beside the engine's own share of memory, for what it does not count. 0: no bound.
  std::uint64_t memory_reserve_bytes = 1ULL << 30;
  std::chrono::milliseconds idle_max{300'000};      ///< a process that nobody has asked for so long ends
  std::chrono::milliseconds life_interval{1'000};   ///< how often each is asked for a sign of life
  std::chrono::milliseconds life_timeout{10'000};   ///< without one it is killed
  std::chrono::milliseconds close_timeout{60'000};  ///< for its last checkpoint
  /// For tests: the failpoint that is armed in a pool's process, or nothing.
  std::function<std::string(PoolId pool)> failpoint;
};

/// The same with the engine of each pool in a process of its own, which is this very program run as
/// `adit engine POOL` (see warehouse/host/host_main.h). The end of such a process costs what it was doing:
/// kUnavailable. A chunk that was being staged at two such ends is a failed chunk, a job that was landing at
/// two is kInternal; both say so.
Result<std::unique_ptr<Warehouse>> open_hosted_warehouse(WarehouseOptions options, HostOptions hosts,
                                                         LandingBook book, const Clock& clock,
                                                         Metrics& metrics);

}  // namespace adit
