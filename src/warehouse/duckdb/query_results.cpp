#include "warehouse/duckdb/query_results.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "warehouse/duckdb/engine_message.h"
#include "warehouse/duckdb/query.h"
#include "warehouse/duckdb/sql_gate.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

class QueryStream final : public RowStream {
 public:
  QueryStream(OpenPoolLease pool, Connection connection, Interrupter& interrupter,
              const std::stop_token& stop)
      : pool_(std::move(pool)),
        connection_(std::move(connection)),
        activity_(interrupter, connection_, pool_->id(), std::nullopt, stop) {}

  Result<void> start(const QueryRequest& request, std::stop_token stop) {
    ADIT_TRY(run_, QueryRun::start(connection_, request, std::move(stop)));
    return {};
  }

  const std::vector<ColumnInfo>& columns() const override { return run_->columns(); }
  Result<void> next(std::vector<std::vector<Cell>>& rows) override {
    ADIT_CHECK(activity_.check());
    return run_->next(rows);
  }
  bool truncated() const override { return run_->truncated(); }

 private:
  OpenPoolLease pool_;
  Connection connection_;
  Activity activity_;
  std::unique_ptr<QueryRun> run_;
};

/// Removes a file's name at destruction, whether or not there is a file.
class NamedFile {
 public:
  explicit NamedFile(std::filesystem::path path) : path_(std::move(path)) {}
  NamedFile(const NamedFile&) = delete;
  NamedFile& operator=(const NamedFile&) = delete;
  ~NamedFile() { ::unlink(path_.c_str()); }
  const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_;
};

/// Need not outlive a power cut, so nothing is synced.
Result<void> make_export_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return system_error(errno, "mkdir " + folder.string());
}

Error no_space() {
  return {
      ErrorKind::kStorageFull,
      "The server's disk is too full for the Parquet file of this result. Ask for CSV, which needs no file."};
}

/// A subquery ends before a semicolon.
std::string without_semicolons(std::string sql) {
  while (!sql.empty() && (sql.back() == ';' || std::string_view(" \t\r\n").contains(sql.back())))
    sql.pop_back();
  return sql;
}

Result<ParquetResult> opened(const NamedFile& named) {
  ParquetResult result;
  result.file = FileHandle(::open(named.path().c_str(), O_RDONLY | O_CLOEXEC));
  if (!result.file) return system_error(errno, "open " + named.path().string());
  struct stat status{};
  if (::fstat(result.file.get(), &status) != 0) return system_error(errno, "stat " + named.path().string());
  result.bytes = static_cast<std::uint64_t>(status.st_size);
  return result;
}

}  // namespace

Result<std::unique_ptr<RowStream>> stream_query(OpenPoolLease pool, Interrupter& interrupter,
                                                const QueryRequest& request, std::stop_token stop) {
  ADIT_TRY(auto connection, pool->connect());
  auto stream = std::make_unique<QueryStream>(std::move(pool), std::move(connection), interrupter, stop);
  ADIT_CHECK(stream->start(request, std::move(stop)));
  return std::unique_ptr<RowStream>(std::move(stream));
}

Result<ParquetResult> write_parquet(OpenPool& pool, Interrupter& interrupter, const QueryRequest& request,
                                    std::uint64_t free_bytes_min, std::stop_token stop) {
  ADIT_TRY(auto connection, pool.connect());
  ADIT_CHECK(make_export_folder(pool.export_folder()));
  const NamedFile file(pool.export_folder() / (Uuid::random().to_string() + ".parquet"));
  const auto look = [&]() -> std::optional<Error> {
    const auto free = free_bytes(pool.export_folder());
    return free && *free >= free_bytes_min ? std::nullopt : std::optional(no_space());
  };
  if (const auto full = look()) return *full;

  ADIT_TRY(const auto transaction, ReadTransaction::begin(connection));
  const Activity activity(interrupter, connection, pool.id(), std::nullopt, stop);
  const QueryWatch watch(connection, request.timeout, stop, look);
  const auto gated = gate_query(connection, request.sql);
  if (!gated) return watch.reason().value_or(gated.error());
  if (gated->kind != QueryKind::kSelect) {
    return invalid("Only the rows of a SELECT can be had as Parquet; ask for JSON or CSV.");
  }
  const auto copy = "COPY (SELECT * FROM (\n" + without_semicolons(gated->sql) + "\n) LIMIT " +
                    std::to_string(request.row_limit) + ") TO " + quote_literal(file.path().string()) +
                    " (FORMAT parquet)";
  auto statement = Statement::prepare(connection, copy);
  if (!statement) return watch.reason().value_or(to_user_error(statement.error()));
  if (duckdb_prepared_statement_type(statement->get()) != DUCKDB_STATEMENT_TYPE_COPY) {
    return internal("a gated query changed the statement around it");
  }
  const auto written = statement->execute(connection);
  if (!written) return watch.reason().value_or(to_user_error(written.error()));
  return opened(file);
}

}  // namespace adit
