// Engine: the engine alone, as a program that links it would use it. It makes the data and is the yardstick.
#pragma once

#include <duckdb.h>

#include <filesystem>
#include <string>

namespace adit::bench {

/// One database file, held open. All failures are std::runtime_error. Not thread-safe.
class Engine {
 public:
  /// Threads and storage format as adit sets them: one thread per core, the newest format of the engine. An
  /// empty path is a database in memory.
  explicit Engine(const std::filesystem::path& path = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void run(const std::string& sql);
  /// The one integer that a query returns.
  std::int64_t integer(const std::string& sql);

  static std::string version() { return duckdb_library_version(); }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

/// A text as an SQL literal.
std::string quoted(const std::string& text);

/// Seconds that the engine takes to run `create` (a CREATE TABLE AS for the table t) and a checkpoint on a
/// fresh file at `path`, which is removed again. Throws when the table then has not `rows` rows.
double seconds_to_load_alone(const std::filesystem::path& path, const std::string& create, std::int64_t rows);

}  // namespace adit::bench
