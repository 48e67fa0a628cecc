#include "warehouse/duckdb/open_pool.h"

#include <fcntl.h>

#include <cerrno>
#include <thread>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "formats/names.h"
#include "warehouse/damage_watch.h"
#include "warehouse/duckdb/declared_lengths.h"
#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/table_columns.h"

namespace adit {
namespace {

constexpr std::chrono::milliseconds kLockLookInterval{20};
constexpr std::chrono::seconds kFolderLockWaitMax{20};

/// Beside the engine's memory: one part in so many of it.
constexpr std::uint64_t kHeldShareOfMemory = 8;

constexpr const char* kSchemaSql =
    "CREATE SCHEMA IF NOT EXISTS adit;"
    "CREATE TABLE IF NOT EXISTS adit.landings(job UUID, table_name VARCHAR, rows UBIGINT,"
    " landed_at_ms BIGINT, notes VARCHAR);"
    "CREATE TABLE IF NOT EXISTS adit.staged_chunks(job UUID, chunk UUID, position BIGINT, operation VARCHAR, "
    "rows UBIGINT,"
    " file VARCHAR, columns VARCHAR);"
    "CREATE TABLE IF NOT EXISTS adit.declared_lengths(schema_name VARCHAR, table_name VARCHAR,"
    " column_name VARCHAR, length BIGINT)";

EngineFailure refused(const std::string& setting) {
  return {DUCKDB_ERROR_SETTINGS, "the engine did not take the setting " + setting};
}

Tried<void> done(const Tried<Rows>& rows) {
  if (!rows) return std::unexpected(rows.error());
  return {};
}

/// Connection-wide settings: no other connection inherits them, and after the lock they can't be set any
/// more.
Tried<void> enable_progress(Connection& connection) {
  return done(try_run(connection,
                      "SET enable_progress_bar = true; SET enable_progress_bar_print = false; "
                      "SET progress_bar_time = 0"));
}

/// One instance of the engine per file, whatever process it is in. Without a lock of our own an end of a
/// process that takes its time would look like a file that can't be opened.
Result<FileLock> lock_folder(const std::filesystem::path& folder) {
  const auto deadline = std::chrono::steady_clock::now() + kFolderLockWaitMax;
  for (;;) {
    auto lock = FileLock::acquire(folder / "lock");
    if (lock || lock.error().kind != ErrorKind::kConflict) return lock;
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{
          ErrorKind::kUnavailable,
          "Another program has the data pool open, to look at it or to rebuild it. Try again when it "
          "has ended.",
          "another process has the pool open"};
    }
    std::this_thread::sleep_for(kLockLookInterval);
  }
}

/// Whether the engine, which was opening a file, speaks of one that is damaged, rather than of one that is
/// locked, full or forbidden, or of memory that does not suffice.
bool is_damage(const EngineFailure& failure) {
  for (const auto* other :
       {"Could not set lock", "Cannot open file", "Permission denied", "Too many open files",
        "Cannot allocate memory", "No locks available", "Stale file handle", "Connection timed out",
        "the engine did not take", "Read-only file system", "database file with version number"}) {
    if (failure.message.find(other) != std::string::npos) return false;
  }
  // A disk that refuses to take something says nothing about what is on it; one that can't give it back does.
  const bool refused = failure.message.find("Input/output error") != std::string::npos ||
                       failure.message.find("fsync failed") != std::string::npos;
  if (refused && failure.message.find("Could not read") == std::string::npos) return false;
  return !failure.storage_full() && !failure.out_of_memory() && failure.type != DUCKDB_ERROR_SETTINGS;
}

std::unexpected<OpenFailure> not_opened(Error error) {
  return std::unexpected(OpenFailure{std::move(error)});
}

std::unexpected<OpenFailure> not_opened(const EngineFailure& failure) {
  return std::unexpected(OpenFailure{to_error(failure), is_damage(failure), failure.out_of_memory()});
}

}  // namespace

PooledConnection::~PooledConnection() {
  if (connection_ && connection_.healthy()) pool_->idle_.lock()->push_back(std::move(connection_));
}

TableLock::~TableLock() {
  if (pool_ != nullptr) pool_->unlock_table(table_);
}

OpenPool::OpenPool(PoolId id, PoolSettings settings, FileLock lock, Database database)
    : id_(id),
      settings_(std::move(settings)),
      lock_(std::move(lock)),
      database_(std::move(database)),
      wal_(settings_.folder / "pool.db", settings_.folder_sync),
      held_budget_(settings_.memory_bytes / kHeldShareOfMemory) {}

std::expected<std::unique_ptr<OpenPool>, OpenFailure> OpenPool::open(PoolId id,
                                                                     const PoolSettings& settings) {
  if (const auto made = create_folders(settings.folder); !made) return not_opened(made.error());
  auto lock = lock_folder(settings.folder);
  if (!lock) return not_opened(lock.error());
  // What a process that died was about to send.
  std::error_code ignored;
  std::filesystem::remove_all(settings.folder / "export", ignored);
  std::vector<Database::Option> options{
      {"storage_compatibility_version", kStorageVersion},
      {"memory_limit", std::to_string(settings.memory_bytes) + "B"},
      {"temp_directory", (settings.folder / "spill").string()},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
  };
  if (settings.threads > 0) options.emplace_back("threads", std::to_string(settings.threads));
  auto database = Database::open((settings.folder / "pool.db").string(), options);
  if (!database) return not_opened(database.error());

  std::unique_ptr<OpenPool> pool(new OpenPool(id, settings, std::move(*lock), std::move(*database)));
  auto first = pool->connect();
  if (!first) return not_opened(first.error());
  if (auto configured = pool->configure(*first); !configured) return not_opened(configured.error());
  pool->idle_.lock()->push_back(std::move(*first));
  if (auto synced = settings.folder_sync(settings.folder); !synced) return not_opened(synced.error());
  if (auto synced = pool->wal_.sync_if_new(); !synced) return not_opened(synced.error());
  if (auto known = pool->read_tables(); !known)
    return std::unexpected(OpenFailure{known.error(), speaks_of_damage(known.error().internal_detail)});
  return pool;
}

Tried<void> OpenPool::configure(Connection& first) {
  const auto chunks = quote_literal(settings_.chunks_root.string());
  const auto exports = quote_literal(export_folder().string());
  if (auto kept = done(try_run(first, kKeepNoFilesSql)); !kept) return kept;
  // The folders must be allowed before access is closed: afterwards the list can't change.
  const auto set = try_run(
      first, "SET GLOBAL TimeZone = 'UTC'; SET GLOBAL allowed_directories = [" + chunks + ", " + exports +
                 "]; SET GLOBAL enable_external_access = false; "
                 "SET GLOBAL checkpoint_threshold = '256MB'; SET GLOBAL preserve_insertion_order = true");
  if (!set) return std::unexpected(set.error());
  const auto confined =
      try_run(first,
              "SELECT NOT current_setting('enable_external_access') AND list_contains("
              "list_transform(current_setting('allowed_directories'), d -> rtrim(d, '/')), rtrim(" +
                  chunks + ", '/'))");
  if (!confined) return std::unexpected(confined.error());
  if (confined->boolean(0, 0) != true) return std::unexpected(refused("allowed_directories"));
  if (auto made = done(try_run(first, kSchemaSql)); !made) return made;

  if (auto progress = enable_progress(first); !progress) return progress;
  for (std::size_t worker = 1; worker < settings_.workers; ++worker) {
    auto connection = database_.connect();
    if (!connection) return std::unexpected(refused("connections"));
    if (auto progress = enable_progress(*connection); !progress) return progress;
    idle_.lock()->push_back(std::move(*connection));
  }
  if (auto locked = done(try_run(first, "SET GLOBAL lock_configuration = true")); !locked) return locked;
  const auto locked = try_run(first, "SELECT current_setting('lock_configuration')");
  if (!locked) return std::unexpected(locked.error());
  if (locked->boolean(0, 0) != true) return std::unexpected(refused("lock_configuration"));
  return {};
}

Result<PooledConnection> OpenPool::borrow() {
  {
    auto idle = idle_.lock();
    if (!idle->empty()) {
      auto connection = std::move(idle->back());
      idle->pop_back();
      return PooledConnection(*this, std::move(connection));
    }
  }
  ADIT_TRY(auto connection, database_.connect());
  return PooledConnection(*this, std::move(connection));
}

std::shared_ptr<JobStage> OpenPool::job_stage(JobId job) {
  auto stages = stages_.lock();
  auto& stage = (*stages)[job];
  if (!stage) {
    stage = std::make_shared<JobStage>();
    const auto left = staged_at_open_.find(stage_table_name(job));
    stage->loaded = left == staged_at_open_.end();
    if (!stage->loaded) stage->schema = left->second;
  }
  return stage;
}

bool OpenPool::has_job_stage(JobId job) const {
  return stages_.lock()->contains(job) || staged_at_open_.contains(stage_table_name(job));
}

void OpenPool::forget_job_stage(JobId job) { stages_.lock()->erase(job); }

std::optional<KnownTable> OpenPool::table(const TableName& name) const {
  auto tables = tables_.lock();
  const auto found = tables->find(fold_table(name));
  return found == tables->end() ? std::nullopt : std::optional(found->second);
}

void OpenPool::set_table(const TableName& name) {
  auto tables = tables_.lock();
  (*tables)[fold_table(name)] = {.name = name, .changes = ++table_changes_};
}

Result<std::vector<ColumnInfo>> OpenPool::columns(Connection& connection, const KnownTable& table) {
  if (table.columns) return *table.columns;
  ADIT_TRY(auto columns, table_columns(connection, table.name));
  if (!columns) return internal("a known table is gone");
  auto tables = tables_.lock();
  const auto known = tables->find(fold_table(table.name));
  // What was read before a landing's COMMIT must not be remembered after it.
  if (known != tables->end() && known->second.changes == table.changes) known->second.columns = *columns;
  return *std::move(columns);
}

void OpenPool::forget_table(const TableName& name) { tables_.lock()->erase(fold_table(name)); }

Result<void> OpenPool::read_tables() {
  ADIT_TRY(auto connection, borrow());
  ADIT_TRY(declared_lengths_, adit::has_declared_lengths(*connection));
  ADIT_CHECK(schemas_.read(*connection));
  ADIT_TRY(
      const auto rows,
      run(*connection,
          "SELECT schema_name, table_name, false FROM duckdb_tables() WHERE NOT internal AND schema_name "
          "<> 'adit' AND database_name = current_database() UNION ALL SELECT schema_name, view_name, true "
          "FROM duckdb_views() WHERE NOT internal AND schema_name <> 'adit' AND database_name = "
          "current_database()"));
  std::map<TableKey, KnownTable> tables;
  std::map<std::string, std::string> staged;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    TableName name{rows.text(row, 0).value_or(""), rows.text(row, 1).value_or("")};
    if (name.schema == "main") name.schema.clear();
    if (is_reserved_name(name.name)) {
      staged.emplace(name.name, name.schema);
    } else {
      auto key = fold_table(name);
      tables[std::move(key)] = {std::move(name), rows.boolean(row, 2).value_or(false)};
    }
  }
  *tables_.lock() = std::move(tables);
  staged_at_open_ = std::move(staged);
  return {};
}

Result<TableLock> OpenPool::lock_table(const TableKey& table, std::stop_token stop) {
  auto locks = locks_.lock();
  while (!locks->held.insert(table).second) {
    if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The work was canceled."};
    unlocked_.wait_for(locks.unique_lock(), kLockLookInterval);
  }
  return TableLock(*this, table);
}

void OpenPool::unlock_table(const TableKey& table) {
  locks_.lock()->held.erase(table);
  unlocked_.notify_all();
}

bool OpenPool::committed() {
  changed_ = true;
  const auto synced = wal_.sync_if_new();
  if (!synced)
    log::error("warehouse.log_not_synced", {{"pool", id_}, {"detail", synced.error().internal_detail}});
  return synced.ok();
}

Result<void> OpenPool::checkpoint() {
  ADIT_TRY(auto connection, borrow());
  const bool was_changed = changed_.exchange(false);
  failpoint("warehouse.checkpoint.before");
  const auto done = try_run(*connection, "CHECKPOINT");
  failpoint("warehouse.checkpoint.after");
  auto synced = done ? settings_.folder_sync(settings_.folder) : Result<void>();
  if (done && synced) return {};
  if (was_changed) changed_ = true;
  if (done) return synced;
  auto error = to_error(done.error(), "CHECKPOINT");
  if (done.error().conflict()) error.kind = ErrorKind::kUnavailable;
  return error;
}

Result<const FileHandle*> OpenPool::main_file() {
  const auto name = settings_.folder / "pool.db";
  auto file = main_file_.lock();
  if (!*file) *file = FileHandle(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!*file) return system_error(errno, "open " + name.string());
  return &*file;
}

}  // namespace adit
