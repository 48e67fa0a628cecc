#include "warehouse/duckdb/query.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "warehouse/duckdb/engine_message.h"
#include "warehouse/duckdb/sql_gate.h"
#include "warehouse/duckdb/values.h"

namespace adit {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kInterruptInterval{5};
constexpr std::chrono::milliseconds kTimeoutMax{std::chrono::hours(24)};

/// Interrupts a connection when the time is over or somebody asks to stop, again and again until it is
/// destroyed: an interrupt is lost when it comes between two statements.
class Watch {
 public:
  Watch(const Connection& connection, std::chrono::milliseconds timeout, const std::stop_token& stop)
      : connection_(connection),
        timeout_(std::clamp(timeout, std::chrono::milliseconds(0), kTimeoutMax)),
        deadline_(SteadyClock::now() + timeout_),
        thread_([this] { run(); }),
        on_stop_(stop, [this] { interrupt(ErrorKind::kCanceled); }) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  /// Why the work must end, if it must.
  std::optional<Error> reason() const {
    const std::lock_guard lock(mutex_);
    if (!reason_) return std::nullopt;
    if (*reason_ == ErrorKind::kCanceled) return Error{ErrorKind::kCanceled, "The query was canceled."};
    return Error{ErrorKind::kTimeout,
                 "The query took longer than " + std::to_string(timeout_.count()) + " ms."};
  }

 private:
  void interrupt(ErrorKind reason) {
    {
      const std::lock_guard lock(mutex_);
      if (!reason_) reason_ = reason;
    }
    wake_.notify_all();
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (!finished_) {
      if (!reason_ && SteadyClock::now() >= deadline_) reason_ = ErrorKind::kTimeout;
      if (reason_) {
        connection_.interrupt();
        wake_.wait_for(lock, kInterruptInterval);
      } else {
        wake_.wait_until(lock, deadline_);
      }
    }
  }

  const Connection& connection_;
  const std::chrono::milliseconds timeout_;
  const SteadyClock::time_point deadline_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<ErrorKind> reason_;  ///< guarded by mutex_
  bool finished_ = false;            ///< guarded by mutex_
  std::thread thread_;
  std::stop_callback<std::function<void()>> on_stop_;
};

/// BEGIN TRANSACTION READ ONLY at creation, ROLLBACK at destruction.
class ReadTransaction {
 public:
  static Result<std::unique_ptr<ReadTransaction>> begin(Connection& connection) {
    const auto begun = try_run(connection, "BEGIN TRANSACTION READ ONLY");
    if (!begun) return to_error(begun.error());
    return std::make_unique<ReadTransaction>(connection);
  }
  explicit ReadTransaction(Connection& connection) : connection_(connection) {}
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  // Fails only where there is no transaction any more, which is what was wanted.
  ~ReadTransaction() { static_cast<void>(try_run(connection_, "ROLLBACK")); }

 private:
  Connection& connection_;
};

class QueryRun {
 public:
  QueryRun(Connection& connection, const QueryRequest& request, std::uint64_t result_bytes_max,
           const Watch& watch)
      : connection_(connection), request_(request), bytes_max_(result_bytes_max), watch_(watch) {}

  Result<QueryResult> run() {
    const auto gated = gate_query(connection_, request_.sql);
    if (!gated) return watch_.reason().value_or(gated.error());
    auto statement = Statement::prepare(connection_, gated->sql);
    if (!statement) return failed(statement.error());
    const auto kind = duckdb_prepared_statement_type(statement->get());
    if (kind != DUCKDB_STATEMENT_TYPE_SELECT && kind != DUCKDB_STATEMENT_TYPE_EXPLAIN) {
      return internal("the gate let a statement pass that is no query");
    }
    auto rows = statement->stream(connection_);
    if (!rows) return failed(rows.error());
    ADIT_CHECK(describe(*rows));
    ADIT_CHECK(fetch(*rows));
    return std::move(result_);
  }

 private:
  Error failed(const EngineFailure& failure) const {
    return watch_.reason().value_or(to_user_error(failure));
  }

  Result<void> describe(Rows& rows) {
    for (std::size_t i = 0; i < rows.column_count(); ++i) {
      auto type = duckdb_column_logical_type(rows.get(), i);
      readers_.emplace_back(type);
      duckdb_destroy_logical_type(&type);
      const auto name = rows.column_name(i);
      if (!readers_.back().readable()) {
        return invalid("The column \"" + name +
                       "\" is of a type that can't be returned; cast it to VARCHAR.");
      }
      result_.columns.push_back({name, readers_.back().type_name()});
    }
    return {};
  }

  Result<void> fetch(Rows& rows) {
    while (true) {
      if (auto reason = watch_.reason()) return *std::move(reason);
      const auto chunk = rows.next();
      if (!chunk) {
        // The end of a stream and an error in the middle of it look the same.
        if (const auto failure = rows.stream_failure()) return failed(connection_.note(*failure));
        return {};
      }
      if (!take(chunk)) {
        result_.truncated = true;
        return {};
      }
    }
  }

  /// False when a row does not fit any more.
  bool take(const DataChunk& chunk) {
    std::vector<duckdb_vector> vectors;
    for (std::size_t i = 0; i < readers_.size(); ++i)
      vectors.push_back(duckdb_data_chunk_get_vector(chunk.get(), i));
    for (idx_t row = 0; row < chunk.size(); ++row) {
      if (result_.rows.size() >= request_.row_limit) return false;
      std::vector<Cell> cells;
      cells.reserve(readers_.size());
      for (std::size_t i = 0; i < readers_.size(); ++i) {
        cells.push_back(readers_[i].read(vectors[i], row));
        bytes_ += cell_bytes(cells.back());
      }
      if (bytes_ > bytes_max_) return false;
      result_.rows.push_back(std::move(cells));
    }
    return true;
  }

  Connection& connection_;
  const QueryRequest& request_;
  const std::uint64_t bytes_max_;
  const Watch& watch_;
  std::vector<ColumnReader> readers_;
  std::uint64_t bytes_ = 0;
  QueryResult result_;
};

}  // namespace

Result<QueryResult> run_query(Connection& connection, const QueryRequest& request,
                              std::uint64_t result_bytes_max, std::stop_token stop) {
  const auto start = SteadyClock::now();
  // Begun before the watch starts and rolled back after it has ended, so that neither is interrupted.
  ADIT_TRY(const auto transaction, ReadTransaction::begin(connection));
  const Watch watch(connection, request.timeout, stop);
  auto result = QueryRun(connection, request, result_bytes_max, watch).run();
  if (result)
    result->elapsed = std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start);
  return result;
}

}  // namespace adit
