#include "warehouse/duckdb/engine.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include "warehouse/damage_watch.h"

namespace adit {

namespace {

/// The engine plans a prepared statement anew at each run once any table of the database has come or gone
/// since it was prepared, and throws that plan away. Preparing it anew after so many runs makes it cheap
/// again.
constexpr int kRunsOfAPlan = 32;

/// duckdb_prepare() and duckdb_open_ext() give no type of error, only the text that begins with its name.
/// Planning reads files and can be interrupted, so every one of these comes from there.
duckdb_error_type type_named_in(std::string_view message) {
  struct Named {
    std::string_view prefix;
    duckdb_error_type type;
  };
  constexpr auto kNames = std::to_array<Named>({
      {"INTERRUPT Error", DUCKDB_ERROR_INTERRUPT},
      {"Out of Memory Error", DUCKDB_ERROR_OUT_OF_MEMORY},
      {"IO Error", DUCKDB_ERROR_IO},
      {"TransactionContext Error", DUCKDB_ERROR_TRANSACTION},
      {"INTERNAL Error", DUCKDB_ERROR_INTERNAL},
      {"FATAL Error", DUCKDB_ERROR_FATAL},
  });
  const auto* found =
      std::ranges::find_if(kNames, [&](const auto& name) { return message.starts_with(name.prefix); });
  return found == kNames.end() ? DUCKDB_ERROR_INVALID_INPUT : found->type;
}

/// A COMMIT that is pending hands on what it ended with as text alone.
bool ended_pending_by(std::string_view error, std::string_view message) {
  return message.find("pending query result\nError: " + std::string(error)) != std::string_view::npos;
}

}  // namespace

bool EngineFailure::fatal() const {
  return type == DUCKDB_ERROR_FATAL || message.find("has been invalidated") != std::string::npos ||
         ended_pending_by("FATAL Error", message);
}

/// A COMMIT that finds no memory speaks of itself first.
bool EngineFailure::out_of_memory() const {
  return type == DUCKDB_ERROR_OUT_OF_MEMORY || ended_pending_by("Out of Memory Error", message) ||
         message.find("could not allocate block") != std::string::npos;
}

bool EngineFailure::conflict() const {
  return !out_of_memory() &&
         (type == DUCKDB_ERROR_TRANSACTION || ended_pending_by("TransactionContext Error", message));
}

bool EngineFailure::storage_full() const {
  return message.find("No space left on device") != std::string::npos ||
         message.find("Disk quota exceeded") != std::string::npos ||
         message.find("failed to offload data block") != std::string::npos;
}

Error to_error(const EngineFailure& failure, std::string_view sql) {
  auto detail = failure.message;
  if (!sql.empty()) detail.append(" in: ").append(sql.substr(0, 500));
  if (failure.interrupted() || ended_pending_by("INTERRUPT Error", failure.message))
    return {ErrorKind::kCanceled, "The work was canceled.", std::move(detail)};
  if (failure.storage_full()) {
    return {ErrorKind::kStorageFull, "The server's disk is full. Free space there and send this again.",
            std::move(detail)};
  }
  if (failure.fatal()) {
    return {ErrorKind::kUnavailable, "The pool is being opened again after a failure; try again in a moment.",
            std::move(detail)};
  }
  if (failure.out_of_memory()) {
    return {ErrorKind::kUnavailable,
            "The work needs more memory than the server gives its pool (--memory-bytes-max). Try again when "
            "less is "
            "going on there, or in smaller pieces.",
            std::move(detail)};
  }
  if (failure.conflict()) {
    return {ErrorKind::kConflict, "Another change of the pool was under way; try again.", std::move(detail)};
  }
  if (speaks_of_damage(failure.message)) {
    return {ErrorKind::kInternal,
            "A part of the data pool's file is damaged on the server's disk. Other tables may be whole; its "
            "operator can make the pool anew with `adit doctor --rebuild`.",
            std::move(detail)};
  }
  return internal(std::move(detail));
}

DataChunk::~DataChunk() {
  if (chunk_ != nullptr) duckdb_destroy_data_chunk(&chunk_);
}

std::size_t DataChunk::size() const { return chunk_ == nullptr ? 0 : duckdb_data_chunk_get_size(chunk_); }

Rows::Rows(Rows&& other) noexcept
    : result_(std::exchange(other.result_, {})),
      chunks_(std::move(other.chunks_)),
      size_(std::exchange(other.size_, 0)) {}

Rows& Rows::operator=(Rows&& other) noexcept {
  std::swap(result_, other.result_);
  std::swap(chunks_, other.chunks_);
  std::swap(size_, other.size_);
  return *this;
}

Rows::~Rows() { duckdb_destroy_result(&result_); }

DataChunk Rows::next() { return DataChunk(duckdb_fetch_chunk(result_)); }

std::optional<EngineFailure> Rows::stream_failure() {
  const char* message = duckdb_result_error(&result_);
  if (message == nullptr) return std::nullopt;
  return EngineFailure{duckdb_result_error_type(&result_), message};
}

void Rows::load() {
  while (auto chunk = next()) {
    if (chunk.size() == 0) break;
    size_ += chunk.size();
    chunks_.push_back(std::move(chunk));
  }
}

std::size_t Rows::column_count() { return duckdb_column_count(&result_); }

std::string Rows::column_name(std::size_t column) {
  const char* name = duckdb_column_name(&result_, column);
  return name == nullptr ? std::string() : std::string(name);
}

std::uint64_t Rows::changed() { return duckdb_rows_changed(&result_); }

std::optional<Rows::Place> Rows::place(std::size_t row, std::size_t column) const {
  for (const auto& chunk : chunks_) {
    if (row >= chunk.size()) {
      row -= chunk.size();
      continue;
    }
    auto* vector = duckdb_data_chunk_get_vector(chunk.get(), column);
    auto* validity = duckdb_vector_get_validity(vector);
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) return std::nullopt;
    return Place{vector, row};
  }
  return std::nullopt;
}

std::optional<std::int64_t> Rows::integer(std::size_t row, std::size_t column) const {
  const auto at = place(row, column);
  if (!at) return std::nullopt;
  const void* data = duckdb_vector_get_data(at->vector);
  switch (duckdb_column_type(const_cast<duckdb_result*>(&result_), column)) {
    case DUCKDB_TYPE_INTEGER:
      return static_cast<const std::int32_t*>(data)[at->row];
    case DUCKDB_TYPE_UBIGINT:
      return static_cast<std::int64_t>(static_cast<const std::uint64_t*>(data)[at->row]);
    case DUCKDB_TYPE_UTINYINT:
      return static_cast<const std::uint8_t*>(data)[at->row];
    case DUCKDB_TYPE_HUGEINT:
      return static_cast<std::int64_t>(static_cast<const duckdb_hugeint*>(data)[at->row].lower);
    default:
      return static_cast<const std::int64_t*>(data)[at->row];
  }
}

std::optional<std::string> Rows::text(std::size_t row, std::size_t column) const {
  const auto at = place(row, column);
  if (!at) return std::nullopt;
  auto* strings = static_cast<duckdb_string_t*>(duckdb_vector_get_data(at->vector));
  return std::string(duckdb_string_t_data(&strings[at->row]), duckdb_string_t_length(strings[at->row]));
}

std::optional<bool> Rows::boolean(std::size_t row, std::size_t column) const {
  const auto at = place(row, column);
  if (!at) return std::nullopt;
  return static_cast<const bool*>(duckdb_vector_get_data(at->vector))[at->row];
}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(health_, other.health_);
  std::swap(statements_, other.statements_);
  std::swap(in_transaction_, other.in_transaction_);
  return *this;
}

Connection::~Connection() {
  statements_.clear();
  if (connection_ != nullptr) duckdb_disconnect(&connection_);
}

std::optional<double> Connection::progress() const {
  const auto percentage = duckdb_query_progress(connection_).percentage;
  if (percentage < 0 || percentage > 100) return std::nullopt;
  return percentage / 100;
}

Tried<Statement*> Connection::statement(const std::string& sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end() && ++known->second.runs < kRunsOfAPlan) return &known->second.statement;
  auto prepared = Statement::prepare(*this, sql);
  if (!prepared) return std::unexpected(prepared.error());
  return &statements_.insert_or_assign(sql, KeptStatement{std::move(*prepared)}).first->second.statement;
}

EngineFailure Connection::note(EngineFailure failure) const {
  if (failure.fatal()) health_->invalidated = true;
  return failure;
}

Tried<Statement> Statement::prepare(Connection& connection, const std::string& sql) {
  if (sql.find('\0') != std::string::npos) {
    return std::unexpected(EngineFailure{DUCKDB_ERROR_INVALID_INPUT, "a NUL character in SQL"});
  }
  duckdb_prepared_statement statement = nullptr;
  const auto state = duckdb_prepare(connection.get(), sql.c_str(), &statement);
  Statement prepared(statement);
  if (state == DuckDBSuccess) return prepared;
  const char* said = statement == nullptr ? nullptr : duckdb_prepare_error(statement);
  std::string message = said == nullptr ? "the statement can't be prepared" : said;
  const auto type = type_named_in(message);
  return std::unexpected(connection.note({type, std::move(message)}));
}

Statement::~Statement() {
  if (statement_ != nullptr) duckdb_destroy_prepare(&statement_);
}

void Statement::bind_text(idx_t index, std::string_view text) {
  duckdb_bind_varchar_length(statement_, index, text.data(), text.size());
}

void Statement::bind_integer(idx_t index, std::int64_t value) { duckdb_bind_int64(statement_, index, value); }

void Statement::bind_unsigned(idx_t index, std::uint64_t value) {
  duckdb_bind_uint64(statement_, index, value);
}

void Statement::bind_uuid(idx_t index, const Uuid& uuid) {
  duckdb_uhugeint number{};
  const auto& bytes = uuid.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto& half = i < bytes.size() / 2 ? number.upper : number.lower;
    half = half << 8 | bytes[i];
  }
  auto value = duckdb_create_uuid(number);
  duckdb_bind_value(statement_, index, value);
  duckdb_destroy_value(&value);
}

namespace {

Tried<Rows> finished(const Connection& connection, duckdb_state state, duckdb_result raw) {
  Rows rows(raw);
  if (state == DuckDBSuccess) return rows;
  const char* message = duckdb_result_error(rows.get());
  return std::unexpected(connection.note(
      {duckdb_result_error_type(rows.get()), message == nullptr ? "the engine gave no message" : message}));
}

}  // namespace

Tried<Rows> Statement::execute(Connection& connection) {
  duckdb_result result{};
  const auto state = duckdb_execute_prepared(statement_, &result);
  auto rows = finished(connection, state, result);
  if (rows) rows->load();
  return rows;
}

Tried<Rows> Statement::stream(Connection& connection) {
  duckdb_result result{};
  const auto state = duckdb_execute_prepared_streaming(statement_, &result);
  return finished(connection, state, result);
}

Database::Database(duckdb_database database)
    : database_(database), health_(std::make_shared<DatabaseHealth>()) {}

Tried<Database> Database::open(const std::string& path, const std::vector<Option>& options) {
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) != DuckDBSuccess) {
    return std::unexpected(EngineFailure{DUCKDB_ERROR_INVALID, "the engine made no configuration"});
  }
  for (const auto& [name, value] : options) {
    if (duckdb_set_config(config, name.c_str(), value.c_str()) != DuckDBSuccess) {
      duckdb_destroy_config(&config);
      return std::unexpected(EngineFailure{DUCKDB_ERROR_SETTINGS, "the engine refused the setting " + name});
    }
  }
  duckdb_database database = nullptr;
  char* message = nullptr;
  const auto state = duckdb_open_ext(path.c_str(), &database, config, &message);
  duckdb_destroy_config(&config);
  if (state == DuckDBSuccess) return Database(database);
  EngineFailure failure{DUCKDB_ERROR_IO, message == nullptr ? "the database can't be opened" : message};
  if (type_named_in(failure.message) == DUCKDB_ERROR_OUT_OF_MEMORY) failure.type = DUCKDB_ERROR_OUT_OF_MEMORY;
  duckdb_free(message);
  return std::unexpected(std::move(failure));
}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(health_, other.health_);
  return *this;
}

Database::~Database() {
  if (database_ != nullptr) duckdb_close(&database_);
}

Result<Connection> Database::connect() const {
  duckdb_connection connection = nullptr;
  if (duckdb_connect(database_, &connection) != DuckDBSuccess)
    return internal("the engine gave no connection");
  return Connection(connection, health_);
}

Tried<Rows> try_run(Connection& connection, const std::string& sql) {
  if (sql.find('\0') != std::string::npos) {
    return std::unexpected(EngineFailure{DUCKDB_ERROR_INVALID_INPUT, "a NUL character in SQL"});
  }
  duckdb_result result{};
  const auto state = duckdb_query(connection.get(), sql.c_str(), &result);
  auto rows = finished(connection, state, result);
  if (rows) rows->load();
  return rows;
}

Result<Rows> run(Connection& connection, const std::string& sql) {
  auto rows = try_run(connection, sql);
  if (!rows) return to_error(rows.error(), sql);
  return std::move(*rows);
}

namespace {

/// An interrupt that is still repeated may hit the ROLLBACK as well, in words of several kinds: it is tried
/// again until there is no transaction any more. False: there may still be one.
bool roll_back(Connection& connection) {
  constexpr int kAttemptsMax = 1000;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto done = try_run(connection, "ROLLBACK");
    if (done || done.error().message.find("no transaction is active") != std::string::npos) return true;
    if (done.error().fatal()) return false;
  }
  return false;
}

/// COMMIT takes a while: it writes, and it waits for other commits and for the disk. When one of the engine's
/// threads runs it, duckdb_query spins on the calling thread until it is over, and with several commits at a
/// time the spinning threads keep the one they wait for off the processors: ten times fewer small jobs a
/// second on two cores. Here the caller sleeps meanwhile.
Tried<Rows> commit_asleep(Connection& connection) {
  constexpr std::chrono::microseconds kPause{50};
  const auto statement = connection.statement("COMMIT");
  if (!statement) return std::unexpected(statement.error());
  duckdb_pending_result pending = nullptr;
  auto state = duckdb_pending_prepared((*statement)->get(), &pending);
  while (state == DuckDBSuccess) {
    const auto step = duckdb_pending_execute_task(pending);
    if (step == DUCKDB_PENDING_ERROR || duckdb_pending_execution_is_finished(step)) break;
    if (step == DUCKDB_PENDING_NO_TASKS_AVAILABLE) std::this_thread::sleep_for(kPause);
  }
  duckdb_result result{};
  state = duckdb_execute_pending(pending, &result);
  duckdb_destroy_pending(&pending);
  return finished(connection, state, result);
}

}  // namespace

Result<Transaction> Transaction::begin(Connection& connection) {
  const auto statement = connection.statement("BEGIN TRANSACTION");
  if (!statement) return to_error(statement.error());
  connection.in_transaction_ = true;
  Transaction transaction(connection);
  // One that was interrupted may have begun all the same.
  if (const auto begun = (*statement)->execute(connection); !begun) return to_error(begun.error());
  return transaction;
}

Transaction::~Transaction() {
  if (connection_ != nullptr) connection_->in_transaction_ = !roll_back(*connection_);
}

Result<void> Transaction::commit() {
  auto& connection = *std::exchange(connection_, nullptr);
  const auto committed = commit_asleep(connection);
  connection.in_transaction_ = !committed && !roll_back(connection);
  if (committed) return {};
  return to_error(committed.error(), "COMMIT");
}

}  // namespace adit
