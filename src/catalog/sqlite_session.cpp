#include "catalog/sqlite_session.h"

#include <cerrno>
#include <stdexcept>

#include "catalog/row_codecs.h"

namespace adit {
namespace {

/// How long a write waits for another process's transaction before it gives up.
constexpr int kBusyTimeoutMs = 10'000;
/// Pages of the write-ahead log after which a commit carries them over to the database file: 16 MB.
constexpr int kCheckpointPages = 4'000;
/// What is left of the write-ahead log's file when it begins anew; readers that stay may have made it longer.
constexpr int kLogBytesKept = 32 << 20;

soci::sqlite3_statement_backend& backend_of(soci::statement& statement) {
  return *static_cast<soci::sqlite3_statement_backend*>(statement.get_backend());
}

std::string connection_string(const std::filesystem::path& file) {
  const auto path = file.string();
  if (path.find('"') != std::string::npos) throw std::runtime_error("a catalog's path can't contain a quote");
  return "db=\"" + path + "\"";
}

/// SQLite counts what it allocates, for the whole process and under one lock, which all sessions then wait
/// for.
std::string connection_string_without_counts(const std::filesystem::path& file) {
  // Refused, and no harm, where something has used SQLite before.
  static const int refused = sqlite_api::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(refused);
  return connection_string(file);
}

}  // namespace

Query::~Query() {
  // An unfinished SELECT would hold its snapshot, and with it the write-ahead log.
  sqlite_api::sqlite3_reset(backend_of(statement_).stmt_);
  statement_.bind_clean_up();
}

Query& Query::with(std::string_view text) {
  auto& bound = bound_.emplace_back();
  bound.text = text;
  statement_.exchange(soci::use(bound.text));
  return *this;
}

Query& Query::with(std::int64_t number) {
  auto& bound = bound_.emplace_back();
  bound.number = number;
  statement_.exchange(soci::use(bound.number));
  return *this;
}

Query& Query::with(const std::optional<std::string>& text) {
  auto& bound = bound_.emplace_back();
  bound.text = text.value_or("");
  bound.indicator = text ? soci::i_ok : soci::i_null;
  statement_.exchange(soci::use(bound.text, bound.indicator));
  return *this;
}

Query& Query::with(const std::optional<std::int64_t>& number) {
  auto& bound = bound_.emplace_back();
  bound.number = number.value_or(0);
  bound.indicator = number ? soci::i_ok : soci::i_null;
  statement_.exchange(soci::use(bound.number, bound.indicator));
  return *this;
}

std::uint64_t Query::run() {
  next();
  return static_cast<std::uint64_t>(statement_.get_affected_rows());
}

bool Query::next() {
  if (executed_) return statement_.fetch();
  executed_ = true;
  statement_.define_and_bind();
  return statement_.execute(true);
}

SqliteSession::SqliteSession(const std::filesystem::path& file, SessionKind kind)
    : session_(soci::sqlite3, connection_string_without_counts(file)) {
  std::error_code none;
  const auto log_bytes = std::filesystem::file_size(file.string() + "-wal", none);
  const bool has_log = !none && log_bytes > 0;
  sqlite_api::sqlite3_busy_timeout(handle(), kBusyTimeoutMs);
  sqlite_api::sqlite3_extended_result_codes(handle(), 1);
  execute_script("PRAGMA foreign_keys=ON");
  // A log without content is one that this session has made itself: that may go.
  if (kind == SessionKind::kVisitor && has_log)
    sqlite_api::sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (kind != SessionKind::kWriter) {
    execute_script("PRAGMA query_only=ON");
    return;
  }
  std::string mode;
  query("PRAGMA journal_mode=WAL").into(mode).next();
  if (mode != "wal") throw std::runtime_error("SQLite refuses the write-ahead log; journal_mode is " + mode);
  execute_script("PRAGMA journal_size_limit=" + std::to_string(kLogBytesKept));
  sqlite_api::sqlite3_wal_hook(
      handle(),
      [](void* self, sqlite_api::sqlite3*, const char*, int log_pages) {
        static_cast<SqliteSession*>(self)->checkpoint_after(log_pages);
        return SQLITE_OK;
      },
      this);
  set_sync_on_commit(true);
}

Query SqliteSession::query(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    auto statement = std::make_unique<soci::statement>(session_);
    statement->alloc();
    statement->prepare(std::string(sql));
    found = statements_.emplace(sql, std::move(statement)).first;
  }
  return Query(*found->second);
}

void SqliteSession::execute_script(const std::string& sql) {
  char* message = nullptr;
  const int code = sqlite_api::sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, &message);
  const std::unique_ptr<char, decltype(&sqlite_api::sqlite3_free)> owned(message, sqlite_api::sqlite3_free);
  if (code != SQLITE_OK) throw soci::sqlite3_soci_error(message != nullptr ? message : "sqlite3_exec", code);
}

void SqliteSession::set_sync_on_commit(bool on) {
  if (sync_on_commit_ == on) return;
  execute_script(on ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  sync_on_commit_ = on;
}

/// What SQLite does by itself after a commit, but it would not say that the disk failed.
void SqliteSession::checkpoint_after(int log_pages) {
  log_frames_ = static_cast<std::uint64_t>(log_pages);
  if (log_pages < kCheckpointPages) return;
  const int code =
      sqlite_api::sqlite3_wal_checkpoint_v2(handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if ((code & 0xff) == SQLITE_IOERR) checkpoint_failed_ = true;
}

bool SqliteSession::is_disk_error(const std::exception& exception) {
  const auto* failure = dynamic_cast<const soci::sqlite3_soci_error*>(&exception);
  return failure != nullptr && (failure->result() & 0xff) == SQLITE_IOERR;
}

bool SqliteSession::in_transaction() const { return sqlite_api::sqlite3_get_autocommit(handle()) == 0; }

/// SQLite writes the page of this number even if it stays what it is; it is used for nothing else.
void SqliteSession::touch() { execute_script("PRAGMA user_version=0"); }

void SqliteSession::abandon_transaction() noexcept {
  if (in_transaction()) sqlite_api::sqlite3_exec(handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Error SqliteSession::error_of(const std::exception& exception) const {
  const auto* failure = dynamic_cast<const soci::sqlite3_soci_error*>(&exception);
  if (dynamic_cast<const CorruptRow*>(&exception) != nullptr)
    return internal(std::string(kDamagedCatalog) + exception.what());
  if (failure == nullptr) return internal(std::string("catalog: ") + exception.what());
  const int code = failure->result() & 0xff;
  const int system_error_number =
      failure->result() == SQLITE_IOERR_FSYNC ? errno_of_log() : sqlite_api::sqlite3_system_errno(handle());
  std::string detail = std::string(is_damage(exception) ? kDamagedCatalog : "catalog: ") + failure->what() +
                       " (SQLite " + std::to_string(failure->result()) + ", errno " +
                       std::to_string(system_error_number) + ")";
  const bool disk_full = system_error_number == ENOSPC || system_error_number == EDQUOT;
  if (code == SQLITE_FULL || (code == SQLITE_IOERR && disk_full)) {
    return {ErrorKind::kStorageFull, "The server's disk is full. Free space there and send this again.",
            std::move(detail)};
  }
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    return {ErrorKind::kUnavailable, "The server's catalog is busy. Send this again in a moment.",
            std::move(detail)};
  }
  return internal(std::move(detail));
}

/// The last error of the write-ahead log's file. sqlite3_system_errno() keeps silent on a sync that fails in
/// a COMMIT.
int SqliteSession::errno_of_log() const {
  sqlite_api::sqlite3_file* log = nullptr;
  int number = 0;
  const int found = sqlite_api::sqlite3_file_control(handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER,
                                                     static_cast<void*>(&log));
  if (found != SQLITE_OK || log == nullptr || log->pMethods == nullptr) return 0;
  log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
  return number;
}

bool SqliteSession::is_damage(const std::exception& exception) {
  const auto* failure = dynamic_cast<const soci::sqlite3_soci_error*>(&exception);
  if (failure == nullptr) return false;
  const int code = failure->result() & 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || failure->result() == SQLITE_IOERR_SHORT_READ;
}

sqlite_api::sqlite3* SqliteSession::handle() const {
  return static_cast<soci::sqlite3_session_backend*>(session_.get_backend())->conn_;
}

}  // namespace adit
