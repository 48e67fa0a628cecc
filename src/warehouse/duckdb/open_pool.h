// One pool's database file while it is open: its connections, its tables' names, what is staged in it.
#pragma once

#include <condition_variable>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/guarded.h"
#include "formats/names.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/job_stage.h"
#include "warehouse/duckdb/schemas.h"
#include "warehouse/duckdb/wal_watch.h"
#include "warehouse/warehouse.h"

namespace adit {

class OpenPool;

/// A connection that goes back to its pool, unless the engine has failed meanwhile.
class PooledConnection {
 public:
  PooledConnection(OpenPool& pool, Connection connection)
      : pool_(&pool), connection_(std::move(connection)) {}
  PooledConnection(PooledConnection&& other) noexcept = default;
  PooledConnection& operator=(PooledConnection&&) = delete;
  ~PooledConnection();

  Connection& operator*() { return connection_; }
  Connection* operator->() { return &connection_; }

 private:
  OpenPool* pool_;
  Connection connection_;
};

/// A table or view that clients see.
struct KnownTable {
  TableName name;  ///< in its first spelling
  bool view = false;
  std::optional<std::vector<ColumnInfo>> columns{};  ///< known once somebody has asked for them
  std::uint64_t changes = 0;                         ///< rises whenever a landing has changed the columns
};

/// The right to change one table, held until the landing's COMMIT has returned.
class TableLock {
 public:
  TableLock(OpenPool& pool, TableKey table) : pool_(&pool), table_(std::move(table)) {}
  TableLock(TableLock&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), table_(std::move(other.table_)) {}
  TableLock& operator=(TableLock&&) = delete;
  ~TableLock();

 private:
  OpenPool* pool_;
  TableKey table_;
};

struct PoolSettings {
  std::filesystem::path folder;  ///< holds pool.db
  std::filesystem::path chunks_root;
  std::uint64_t memory_bytes = 0;
  std::size_t threads = 0;                 ///< 0: one per processor
  std::size_t workers = 2;                 ///< connections that report progress
  std::uint64_t held_chunk_bytes_max = 0;  ///< chunk files up to this size wait in memory for their landing
  FolderSync folder_sync = sync_folder;
};

/// Why a pool could not be opened.
struct OpenFailure {
  Error error;
  bool damage = false;           ///< the engine can't make sense of what is in its files
  bool short_of_memory = false;  ///< its log, perhaps, needs more to be read
};

/// Thread-safe. Must outlive its connections and locks; PoolRegistry sees to that.
class OpenPool {
 public:
  /// Opens or makes the file, applies every setting, reads back those that confine the engine, makes the
  /// `adit` schema and reads the tables' names. Waits a while for a process that is about to end and still
  /// has the file.
  static std::expected<std::unique_ptr<OpenPool>, OpenFailure> open(PoolId id, const PoolSettings& settings);

  PoolId id() const { return id_; }
  const std::filesystem::path& chunks_root() const { return settings_.chunks_root; }
  /// Where results are written before they are sent; emptied whenever the pool is opened.
  std::filesystem::path export_folder() const { return settings_.folder / "export"; }
  std::uint64_t memory_bytes() const { return settings_.memory_bytes; }
  bool healthy() const { return database_.healthy(); }

  /// A connection for staging, landing and own queries.
  Result<PooledConnection> borrow();
  /// A fresh one, for user SQL.
  Result<Connection> connect() const { return database_.connect(); }

  /// What is staged for a job. For a job without a staging table it needs no look into the file.
  std::shared_ptr<JobStage> job_stage(JobId job);
  /// Chunk files up to this size may be held, as long as the budget lasts.
  std::uint64_t held_chunk_bytes_max() const { return settings_.held_chunk_bytes_max; }
  HeldBudget& held_budget() { return held_budget_; }
  void forget_job_stage(JobId job);
  /// Whether there may be anything staged for a job.
  bool has_job_stage(JobId job) const;

  std::optional<KnownTable> table(const TableName& name) const;  ///< by Unicode case folding
  /// A landing has made the table or has changed its columns.
  void set_table(const TableName& name);
  /// The columns of a known table, asked of the engine once: only landings change them.
  Result<std::vector<ColumnInfo>> columns(Connection& connection, const KnownTable& table);
  void forget_table(const TableName& name);
  /// Whether any column of the pool may have a declared length.
  bool has_declared_lengths() const { return declared_lengths_; }
  void set_declared_lengths() { declared_lengths_ = true; }
  /// Waits for the other landing on the same table. kCanceled.
  Result<TableLock> lock_table(const TableKey& table, std::stop_token stop);
  /// Of the data connections.
  Schemas& schemas() { return schemas_; }

  /// After each COMMIT: syncs the folder if the write-ahead log was made anew, because a power cut could take
  /// the log otherwise. False when the disk refused, which the server's log tells; the next commit tries
  /// again.
  bool committed();
  bool changed() const { return changed_; }
  std::uint64_t wal_bytes() const { return wal_.bytes(); }
  /// kUnavailable when the engine refuses at the moment.
  Result<void> checkpoint();
  /// Somebody copies the files: no checkpoint can pass, however long the log is.
  bool files_held() const { return files_holds_ > 0; }
  /// The main file opened once more, for as long as the pool is open.
  Result<const FileHandle*> main_file();
  void hold_files() { ++files_holds_; }
  void release_files() { --files_holds_; }

 private:
  friend class PooledConnection;
  friend class TableLock;
  struct Locks {
    std::set<TableKey> held;
  };

  OpenPool(PoolId id, PoolSettings settings, FileLock lock, Database database);
  Tried<void> configure(Connection& first);
  Result<void> read_tables();
  void unlock_table(const TableKey& table);

  const PoolId id_;
  const PoolSettings settings_;
  FileLock lock_;                  ///< given back after the database is closed
  Guarded<FileHandle> main_file_;  ///< likewise
  Database database_;
  WalWatch wal_;
  std::atomic<bool> changed_{false};
  std::atomic<int> files_holds_{0};
  HeldBudget held_budget_;
  std::atomic<bool> declared_lengths_{false};
  std::atomic<std::uint64_t> table_changes_{
      0};  ///< over all tables: a dropped one comes back with a new number
  Schemas schemas_;
  Guarded<std::vector<Connection>> idle_;
  Guarded<std::map<JobId, std::shared_ptr<JobStage>>> stages_;
  Guarded<std::map<TableKey, KnownTable>> tables_;
  std::map<std::string, std::string>
      staged_at_open_;  ///< staging tables from before and their schemas; constant after open()
  Guarded<Locks> locks_;
  std::condition_variable_any unlocked_;
};

}  // namespace adit
