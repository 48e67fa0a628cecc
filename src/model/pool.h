// A data pool: a named set of tables in a file of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/disk_quota.h"
#include "model/ids.h"

namespace adit {

struct Pool {
  PoolId id;
  TeamId team;
  std::string name;
  std::string description;
  Uuid creator;  ///< the user or the application that made it
  Timestamp created{};
  DiskQuota quota{};
};

/// A data connection of a pool, as clients call it: a name under which tables stand apart from the pool's
/// global ones. They live in an engine schema of the connection's name, which never changes.
struct DataSource {
  DataSourceId id;
  PoolId pool;
  std::string name;
  std::string type;  ///< what kind of system the data come from; free text, kept and returned
  Timestamp created{};
};

struct ColumnInfo {
  std::string name;
  std::string type;  ///< the engine's name of the type: BIGINT, VARCHAR, DECIMAL(18,2), …
  /// Of a STRING: the characters that clients declared; longer values are kept all the same.
  std::optional<std::int64_t> declared_length{};

  bool operator==(const ColumnInfo&) const = default;
};

/// What a table of a pool looks like from outside.
struct TableInfo {
  std::string schema;  ///< empty for a global table, else the name of its connection
  std::string name;
  bool view = false;
  std::uint64_t rows_estimated = 0;
  std::vector<ColumnInfo> columns{};
};

}  // namespace adit
