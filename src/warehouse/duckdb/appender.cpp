#include "warehouse/duckdb/appender.h"

namespace adit {

Result<Appender> Appender::open(Connection& connection, const AppendTarget& target,
                                const std::vector<std::string>& columns) {
  duckdb_appender raw = nullptr;
  const char* catalog = target.catalog.empty() ? nullptr : target.catalog.c_str();
  const auto& table = target.table;
  const char* schema = table.schema.empty() ? "main" : table.schema.c_str();
  const auto state = duckdb_appender_create_ext(connection.get(), catalog, schema, table.name.c_str(), &raw);
  Appender appender(raw, connection);
  if (state != DuckDBSuccess) return appender.failure();
  for (const auto& column : columns) {
    if (duckdb_appender_add_column(raw, column.c_str()) != DuckDBSuccess) return appender.failure();
  }
  return appender;
}

Appender::~Appender() {
  if (appender_ != nullptr) duckdb_appender_destroy(&appender_);
}

Result<void> Appender::append(const DataChunk& rows) {
  if (duckdb_append_data_chunk(appender_, rows.get()) != DuckDBSuccess) return failure();
  return {};
}

Result<void> Appender::finish() {
  if (duckdb_appender_close(appender_) != DuckDBSuccess) return failure();
  return {};
}

Error Appender::failure() const {
  auto data = duckdb_appender_error_data(appender_);
  const char* message = duckdb_error_data_message(data);
  const auto failed = connection_->note(
      {duckdb_error_data_error_type(data), message == nullptr ? "rows can't be appended" : message});
  duckdb_destroy_error_data(&data);
  return to_error(failed);
}

Result<std::uint64_t> append_held(Connection& connection, const AppendTarget& target,
                                  const std::map<std::int64_t, HeldRows>& held) {
  std::uint64_t rows = 0;
  for (const auto& [position, chunk] : held) {
    ADIT_TRY(auto appender, Appender::open(connection, target, chunk.columns));
    for (const auto& piece : chunk.pieces) ADIT_CHECK(appender.append(piece));
    ADIT_CHECK(appender.finish());
    rows += chunk.rows;
  }
  return rows;
}

}  // namespace adit
