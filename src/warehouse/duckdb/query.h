// Running a user's query: gated, read-only, bounded in time, rows and bytes.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/query_watch.h"
#include "warehouse/duckdb/values.h"
#include "warehouse/warehouse.h"

namespace adit {

/// BEGIN TRANSACTION READ ONLY at creation, ROLLBACK at destruction.
class ReadTransaction {
 public:
  static Result<std::unique_ptr<ReadTransaction>> begin(Connection& connection);
  explicit ReadTransaction(Connection& connection) : connection_(connection) {}
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  ~ReadTransaction();

 private:
  Connection& connection_;
};

/// A query under way on a connection that serves nothing else meanwhile and is given back without a
/// transaction. The engine is stopped as soon as `row_limit` is reached.
///
/// kInvalid: refused by the gate, or the engine's message about the user's SQL. kTimeout, kCanceled:
/// interrupted; an engine that is planning or in the middle of one long function call may take a while to
/// notice.
class QueryRun {
 public:
  static Result<std::unique_ptr<QueryRun>> start(Connection& connection, const QueryRequest& request,
                                                 std::stop_token stop);

  const std::vector<ColumnInfo>& columns() const { return columns_; }
  /// Replaces `rows` with the next ones, up to a vector of the engine; none at the end or at the limit.
  Result<void> next(std::vector<std::vector<Cell>>& rows);
  /// There were more rows than the limit allows.
  bool truncated() const { return truncated_; }

 private:
  QueryRun(Connection& connection, const QueryRequest& request, std::stop_token stop,
           std::unique_ptr<ReadTransaction> transaction);
  Result<void> begin(const std::string& sql);
  Error failed(const EngineFailure& failure) const;
  Result<void> describe();

  Connection& connection_;
  // Begun before the watch starts and rolled back after it has ended, so that neither is interrupted.
  std::unique_ptr<ReadTransaction> transaction_;
  QueryWatch watch_;
  Statement statement_{nullptr};
  Rows rows_;
  std::uint64_t rows_left_;
  bool truncated_ = false;
  bool ended_ = false;
  std::vector<ColumnReader> readers_;
  std::vector<ColumnInfo> columns_;
};

}  // namespace adit
