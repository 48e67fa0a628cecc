#include "warehouse/duckdb/inspector.h"

#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

std::vector<ColumnInfo> columns_of(const ChunkSource& source) {
  std::vector<ColumnInfo> columns;
  for (const auto& column : source.columns) columns.push_back({column.name, column.engine_type});
  return columns;
}

}  // namespace

Result<Connection> Inspector::borrow() {
  auto state = state_.lock();
  if (!state->idle.empty()) {
    auto connection = std::move(state->idle.back());
    state->idle.pop_back();
    return connection;
  }
  if (state->database) return state->database->connect();
  auto database = Database::open(":memory:", {{"memory_limit", "128MB"},
                                              {"threads", "1"},
                                              {"autoinstall_known_extensions", "false"},
                                              {"autoload_known_extensions", "false"}});
  if (!database) return to_error(database.error());
  ADIT_TRY(auto connection, database->connect());
  ADIT_CHECK(run(connection, kKeepNoFilesSql));
  ADIT_CHECK(run(connection,
                 "SET GLOBAL allowed_directories = [" + quote_literal(chunks_root_.string()) +
                     "]; SET GLOBAL enable_external_access = false; SET GLOBAL lock_configuration = true"));
  state->database = std::move(*database);
  return connection;
}

Result<std::vector<ColumnInfo>> inspect_csv(const JobSpec& spec, ChunkOperation operation,
                                            const std::filesystem::path& file) {
  ADIT_TRY(const auto source, open_csv_source(spec, operation, file));
  return columns_of(source);
}

Result<std::vector<ColumnInfo>> Inspector::inspect(const JobSpec& spec, ChunkOperation operation,
                                                   const std::filesystem::path& file) {
  if (spec.file_type == FileType::kCsv) return inspect_csv(spec, operation, file);
  ADIT_TRY(auto connection, borrow());
  const auto source = open_source(connection, spec, operation, file);
  state_.lock()->idle.push_back(std::move(connection));
  if (!source) return source.error();
  return columns_of(*source);
}

}  // namespace adit
