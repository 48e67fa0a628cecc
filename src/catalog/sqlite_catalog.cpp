#include "catalog/sqlite_catalog.h"

#include <fcntl.h>

#include <cerrno>

#include "base/file.h"
#include "catalog/catalog_log.h"
#include "catalog/migrations.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadersMax = 8;

/// Creates the file, so that nobody but its owner can read it; SQLite gives its log the same mode.
Result<void> create_private_file(const fs::path& file) {
  const FileHandle handle(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!handle) return system_error(errno, "open " + file.string());
  return {};
}

std::int64_t last_execute_order(SqliteSession& session) {
  long long order = 0;
  session.query("SELECT value FROM counters WHERE name = 'execute_order'").into(order).next();
  return order;
}

}  // namespace

SqliteCatalog::SqliteCatalog(const fs::path& file, std::int64_t executed_before_opening)
    : readers_(file, kReadersMax), writes_(file), executed_before_opening_(executed_before_opening) {}

Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const fs::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  ADIT_CHECK(create_folders(folder));
  ADIT_CHECK(create_private_file(file));
  ADIT_CHECK(keep_damaged_log(file));
  try {
    SqliteSession session(file, SessionKind::kWriter);
    try {
      ADIT_CHECK(migrate(session, file, catalog_migrations()));
    } catch (const std::exception& exception) {
      auto error = session.error_of(exception);
      if (SqliteSession::is_damage(exception)) return catalog_damaged(file, std::move(error.internal_detail));
      return error;
    }
    auto catalog = std::make_unique<SqliteCatalog>(file, last_execute_order(session));
    ADIT_CHECK(sync_folder(folder));
    return std::unique_ptr<Catalog>(std::move(catalog));
  } catch (const std::exception& exception) {
    if (SqliteSession::is_damage(exception)) return catalog_damaged(file, exception.what());
    return internal("open catalog " + file.string() + ": " + exception.what());
  }
}

}  // namespace adit
