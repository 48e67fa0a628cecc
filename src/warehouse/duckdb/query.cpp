#include "warehouse/duckdb/query.h"

#include <utility>

#include "warehouse/duckdb/engine_message.h"
#include "warehouse/duckdb/sql_gate.h"

namespace adit {

Result<std::unique_ptr<ReadTransaction>> ReadTransaction::begin(Connection& connection) {
  const auto begun = try_run(connection, "BEGIN TRANSACTION READ ONLY");
  if (!begun) return to_error(begun.error());
  return std::make_unique<ReadTransaction>(connection);
}

// Fails only where there is no transaction any more, which is what was wanted.
ReadTransaction::~ReadTransaction() { static_cast<void>(try_run(connection_, "ROLLBACK")); }

QueryRun::QueryRun(Connection& connection, const QueryRequest& request, std::stop_token stop,
                   std::unique_ptr<ReadTransaction> transaction)
    : connection_(connection),
      transaction_(std::move(transaction)),
      watch_(connection, request.timeout, stop),
      rows_left_(request.row_limit) {}

Result<std::unique_ptr<QueryRun>> QueryRun::start(Connection& connection, const QueryRequest& request,
                                                  std::stop_token stop) {
  ADIT_TRY(auto transaction, ReadTransaction::begin(connection));
  std::unique_ptr<QueryRun> run(new QueryRun(connection, request, std::move(stop), std::move(transaction)));
  ADIT_CHECK(run->begin(request.sql));
  return run;
}

Result<void> QueryRun::begin(const std::string& sql) {
  const auto gated = gate_query(connection_, sql);
  if (!gated) return watch_.reason().value_or(gated.error());
  auto statement = Statement::prepare(connection_, gated->sql);
  if (!statement) return failed(statement.error());
  const auto kind = duckdb_prepared_statement_type(statement->get());
  if (kind != DUCKDB_STATEMENT_TYPE_SELECT && kind != DUCKDB_STATEMENT_TYPE_EXPLAIN) {
    return internal("the gate let a statement pass that is no query");
  }
  statement_ = std::move(*statement);
  auto rows = statement_.stream(connection_);
  if (!rows) return failed(rows.error());
  rows_ = std::move(*rows);
  return describe();
}

Error QueryRun::failed(const EngineFailure& failure) const {
  return watch_.reason().value_or(to_user_error(failure));
}

Result<void> QueryRun::describe() {
  for (std::size_t i = 0; i < rows_.column_count(); ++i) {
    auto type = duckdb_column_logical_type(rows_.get(), i);
    readers_.emplace_back(type);
    duckdb_destroy_logical_type(&type);
    const auto name = rows_.column_name(i);
    if (!readers_.back().readable()) {
      return invalid("The column \"" + name + "\" is of a type that can't be returned; cast it to VARCHAR.");
    }
    columns_.push_back({name, readers_.back().type_name()});
  }
  return {};
}

Result<void> QueryRun::next(std::vector<std::vector<Cell>>& rows) {
  rows.clear();
  while (!ended_ && rows.empty()) {
    if (auto reason = watch_.reason()) return *std::move(reason);
    const auto chunk = rows_.next();
    if (!chunk) {
      ended_ = true;
      // The end of a stream and an error in the middle of it look the same.
      if (const auto failure = rows_.stream_failure()) return failed(connection_.note(*failure));
      return {};
    }
    std::vector<duckdb_vector> vectors;
    for (std::size_t i = 0; i < readers_.size(); ++i)
      vectors.push_back(duckdb_data_chunk_get_vector(chunk.get(), i));
    for (idx_t row = 0; row < chunk.size(); ++row) {
      if (rows_left_ == 0) {
        truncated_ = true;
        ended_ = true;
        return {};
      }
      --rows_left_;
      auto& cells = rows.emplace_back();
      cells.reserve(readers_.size());
      for (std::size_t i = 0; i < readers_.size(); ++i) cells.push_back(readers_[i].read(vectors[i], row));
    }
  }
  return {};
}

}  // namespace adit
