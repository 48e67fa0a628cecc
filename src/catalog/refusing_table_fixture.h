// For tests of what goes on beside a part of the catalog that fails.
#pragma once

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <filesystem>
#include <string>

namespace adit {

/// From now on no row of `table` in the catalog's file can be deleted.
inline void refuse_deletes(const std::filesystem::path& file, const std::string& table) {
  soci::session session(soci::sqlite3, file.string());
  session << "CREATE TRIGGER kept BEFORE DELETE ON " << table << " BEGIN SELECT raise(ABORT, 'kept'); END";
}

}  // namespace adit
