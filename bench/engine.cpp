#include "engine.h"

#include <stdexcept>

#include "measure.h"

namespace adit::bench {
namespace {

/// Frees what duckdb_query fills, whatever became of it.
struct Answer {
  duckdb_result result{};
  ~Answer() { duckdb_destroy_result(&result); }
};

void query(duckdb_connection connection, const std::string& sql, duckdb_result& result) {
  if (duckdb_query(connection, sql.c_str(), &result) == DuckDBSuccess) return;
  const char* message = duckdb_result_error(&result);
  throw std::runtime_error("the engine refuses: " + std::string(message == nullptr ? "?" : message) +
                           "\nin: " + sql);
}

}  // namespace

Engine::Engine(const std::filesystem::path& path) {
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) != DuckDBSuccess)
    throw std::runtime_error("the engine gives no configuration");
  duckdb_set_config(config, "storage_compatibility_version", "latest");
  char* message = nullptr;
  const auto opened = duckdb_open_ext(path.empty() ? nullptr : path.c_str(), &database_, config, &message);
  duckdb_destroy_config(&config);
  if (opened != DuckDBSuccess) {
    const std::string text = message == nullptr ? "?" : message;
    duckdb_free(message);
    throw std::runtime_error("the engine does not open " + path.string() + ": " + text);
  }
  if (duckdb_connect(database_, &connection_) != DuckDBSuccess) {
    duckdb_close(&database_);
    throw std::runtime_error("the engine gives no connection");
  }
}

Engine::~Engine() {
  duckdb_disconnect(&connection_);
  duckdb_close(&database_);
}

void Engine::run(const std::string& sql) {
  Answer answer;
  query(connection_, sql, answer.result);
}

std::int64_t Engine::integer(const std::string& sql) {
  Answer answer;
  query(connection_, sql, answer.result);
  duckdb_data_chunk chunk = duckdb_fetch_chunk(answer.result);
  if (chunk == nullptr) throw std::runtime_error("no row from: " + sql);
  const auto* values =
      static_cast<const std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)));
  const auto value = values[0];
  duckdb_destroy_data_chunk(&chunk);
  return value;
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result.append(c == '\'' ? "''" : std::string(1, c));
  return result + "'";
}

double seconds_to_load_alone(const std::filesystem::path& path, const std::string& create,
                             std::int64_t rows) {
  double seconds = 0;
  {
    Engine engine(path);
    const auto begin = SteadyClock::now();
    engine.run(create);
    engine.run("CHECKPOINT");
    seconds = seconds_between(begin, SteadyClock::now());
    if (engine.integer("SELECT count(*) FROM t") != rows)
      throw std::runtime_error("the engine lost rows: " + create);
  }
  std::filesystem::remove(path);
  std::filesystem::remove(path.string() + ".wal");
  return seconds;
}

}  // namespace adit::bench
