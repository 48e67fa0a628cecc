#include "support/catalog_file.h"

#include <sqlite3.h>

#include <stdexcept>

namespace adit::test {

void change_catalog(const std::filesystem::path& data, const std::string& sql) {
  sqlite3* database = nullptr;
  char* message = nullptr;
  auto code = ::sqlite3_open_v2((data / "catalog.db").c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
  if (code == SQLITE_OK) code = ::sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message);
  const std::string error = message != nullptr ? message : "it can't be opened";
  ::sqlite3_free(message);
  ::sqlite3_close(database);
  if (code != SQLITE_OK) throw std::runtime_error("the catalog was not changed: " + error);
}

}  // namespace adit::test
