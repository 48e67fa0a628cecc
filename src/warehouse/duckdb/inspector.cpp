#include "warehouse/duckdb/inspector.h"

#include "warehouse/duckdb/sql_text.h"

namespace adit {

Result<Inspector> Inspector::open(const std::filesystem::path& chunks_root) {
  auto database = Database::open(":memory:", {{"memory_limit", "128MB"},
                                              {"threads", "1"},
                                              {"autoinstall_known_extensions", "false"},
                                              {"autoload_known_extensions", "false"}});
  if (!database) return to_error(database.error());
  ADIT_TRY(auto connection, database->connect());
  ADIT_CHECK(run(connection,
                 "SET GLOBAL allowed_directories = [" + quote_literal(chunks_root.string()) +
                     "]; SET GLOBAL enable_external_access = false; SET GLOBAL lock_configuration = true"));
  Inspector inspector(std::move(*database));
  inspector.idle_->lock()->push_back(std::move(connection));
  return inspector;
}

Result<std::vector<ColumnInfo>> Inspector::inspect(const JobSpec& spec, ChunkOperation operation,
                                                   const std::filesystem::path& file) {
  Connection connection;
  {
    auto idle = idle_->lock();
    if (!idle->empty()) {
      connection = std::move(idle->back());
      idle->pop_back();
    }
  }
  if (!connection) {
    ADIT_TRY(connection, database_.connect());
  }
  const auto source = open_source(connection, spec, operation, file);
  idle_->lock()->push_back(std::move(connection));
  if (!source) return source.error();
  std::vector<ColumnInfo> columns;
  for (const auto& column : source->columns) columns.push_back({column.name, column.engine_type});
  return columns;
}

}  // namespace adit
