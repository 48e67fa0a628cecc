// warehouse/duckdb/ is the Warehouse over the DuckDB C API: one database file per pool. Only this folder
// includes duckdb.h, and raw handles stay inside the classes of this header.
#pragma once

#include <duckdb.h>

#include <atomic>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/result.h"

namespace adit {

/// The file format of pools, which also decides how the engine writes a parsed statement as JSON.
inline constexpr const char* kStorageVersion = "v1.5.0";

/// To be run before a file is read. Else the engine keeps what it has read of each Parquet file, and after
/// that has been thrown out still some 3 KiB for each, until the database is closed. Chunks are read once.
inline constexpr const char* kKeepNoFilesSql = "SET GLOBAL enable_external_file_cache = false";

/// What the engine said when a statement failed.
struct EngineFailure {
  duckdb_error_type type = DUCKDB_ERROR_INVALID;
  std::string message;

  bool interrupted() const { return type == DUCKDB_ERROR_INTERRUPT; }
  /// Another transaction was first; ROLLBACK and the same again goes through.
  bool conflict() const;
  /// The instance is unusable until it has been closed and opened again.
  bool fatal() const;
  bool storage_full() const;
  bool out_of_memory() const;
  /// One of the above: it says nothing of the statement or the data.
  bool of_circumstances() const {
    return interrupted() || conflict() || fatal() || storage_full() || out_of_memory();
  }
};

/// kCanceled, kStorageFull, kConflict, kUnavailable (fatal or out of memory), else kInternal; the engine's
/// message goes to the log, never to the client.
Error to_error(const EngineFailure& failure, std::string_view sql = {});

template <class T>
using Tried = std::expected<T, EngineFailure>;

/// One vector-sized piece of a result. Movable; frees the engine's memory.
class DataChunk {
 public:
  explicit DataChunk(duckdb_data_chunk chunk) : chunk_(chunk) {}
  DataChunk(DataChunk&& other) noexcept : chunk_(std::exchange(other.chunk_, nullptr)) {}
  DataChunk& operator=(DataChunk&& other) noexcept {
    std::swap(chunk_, other.chunk_);
    return *this;
  }
  ~DataChunk();

  explicit operator bool() const { return chunk_ != nullptr; }
  duckdb_data_chunk get() const { return chunk_; }
  std::size_t size() const;

 private:
  duckdb_data_chunk chunk_ = nullptr;
};

/// A statement's result. Rows can be asked for in any order once load() was called (run() did); a streaming
/// result is read with next() instead.
class Rows {
 public:
  Rows() = default;
  explicit Rows(duckdb_result result) : result_(result) {}
  Rows(Rows&& other) noexcept;
  Rows& operator=(Rows&& other) noexcept;
  ~Rows();

  duckdb_result* get() { return &result_; }

  /// Fetches the next piece; an empty one is the end, or, in a streaming result, an error: ask
  /// stream_failure().
  DataChunk next();
  std::optional<EngineFailure> stream_failure();
  void load();

  std::size_t size() const { return size_; }
  std::size_t column_count();
  std::string column_name(std::size_t column);
  /// Rows that an INSERT or DELETE changed.
  std::uint64_t changed();

  /// For own queries only; null is nullopt. The column must be of the type asked for: any integer, VARCHAR,
  /// BOOLEAN, DOUBLE.
  std::optional<std::int64_t> integer(std::size_t row, std::size_t column) const;
  std::optional<std::string> text(std::size_t row, std::size_t column) const;
  std::optional<bool> boolean(std::size_t row, std::size_t column) const;

 private:
  struct Place {
    duckdb_vector vector;
    idx_t row;
  };
  std::optional<Place> place(std::size_t row, std::size_t column) const;

  duckdb_result result_{};
  std::vector<DataChunk> chunks_;
  std::size_t size_ = 0;
};

/// Shared by a database and its connections.
struct DatabaseHealth {
  std::atomic<bool> invalidated{false};  ///< a fatal error was seen; only closing and opening helps
};

class Connection;

/// A prepared statement.
class Statement {
 public:
  static Tried<Statement> prepare(Connection& connection, const std::string& sql);
  explicit Statement(duckdb_prepared_statement statement) : statement_(statement) {}
  Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }
  ~Statement();

  duckdb_prepared_statement get() const { return statement_; }
  void bind_text(idx_t index, std::string_view text);
  void bind_integer(idx_t index, std::int64_t value);
  void bind_unsigned(idx_t index, std::uint64_t value);
  void bind_uuid(idx_t index, const Uuid& uuid);
  /// Materialised, loaded.
  Tried<Rows> execute(Connection& connection);
  /// Streaming: read with Rows::next(). The connection serves nothing else meanwhile.
  Tried<Rows> stream(Connection& connection);

 private:
  duckdb_prepared_statement statement_ = nullptr;
};

/// A connection. Use by one thread at a time, but interrupt() and progress() may come from any while it
/// lives.
class Connection {
 public:
  Connection() = default;
  Connection(duckdb_connection connection, std::shared_ptr<DatabaseHealth> health)
      : connection_(connection), health_(std::move(health)) {}
  Connection(Connection&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)),
        health_(std::move(other.health_)),
        statements_(std::move(other.statements_)),
        in_transaction_(other.in_transaction_) {}
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  explicit operator bool() const { return connection_ != nullptr; }
  duckdb_connection get() const { return connection_; }
  /// Fit for the next who needs one: the database has not failed, and no Transaction was left open.
  bool healthy() const { return !health_->invalidated && !in_transaction_; }
  void interrupt() const { duckdb_interrupt(connection_); }
  /// 0 to 1, if the engine can tell.
  std::optional<double> progress() const;
  /// For SQL that is the same each time: prepared, and run again without parsing and planning. The pointer
  /// lives until the next call.
  Tried<Statement*> statement(const std::string& sql);
  /// Remembers fatal failures; every failure of a statement passes here.
  EngineFailure note(EngineFailure failure) const;

 private:
  friend class Transaction;
  struct KeptStatement {
    Statement statement;
    int runs = 0;
  };

  duckdb_connection connection_ = nullptr;
  std::shared_ptr<DatabaseHealth> health_;
  std::map<std::string, KeptStatement> statements_;
  bool in_transaction_ = false;  ///< of the class; true until its end is certain
};

/// An instance of the engine. Connections must be gone before it is destroyed, else the file stays open.
class Database {
 public:
  using Option = std::pair<std::string, std::string>;

  /// `path` may be ":memory:". The options are those that must be known before the file is opened.
  static Tried<Database> open(const std::string& path, const std::vector<Option>& options);
  Database(Database&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)), health_(std::move(other.health_)) {}
  Database& operator=(Database&& other) noexcept;
  ~Database();

  Result<Connection> connect() const;
  bool healthy() const { return !health_->invalidated; }

 private:
  explicit Database(duckdb_database database);
  duckdb_database database_ = nullptr;
  std::shared_ptr<DatabaseHealth> health_;
};

/// Runs one or several statements and gives the last one's rows. SQL with a NUL in it is refused: the
/// engine would read only what stands before it.
Tried<Rows> try_run(Connection& connection, const std::string& sql);
/// The same with the failure as an Error.
Result<Rows> run(Connection& connection, const std::string& sql);

/// The engine's SQL name of a type, DECIMAL with width and scale; nested types by their outermost word only
/// (STRUCT, LIST, …).
std::string type_name(duckdb_logical_type type);

/// BEGIN at creation, ROLLBACK at destruction unless committed.
///
/// The engine answers COMMIT of an aborted transaction with success although it was rolled back: check every
/// statement inside, and call commit() only when all of them succeeded.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_ = nullptr;
};

}  // namespace adit
