// A data pool: a named set of tables in a file of its own.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "model/ids.h"

namespace adit {

struct Team {
  TeamId id;
  std::string name;
  std::string domain;  ///< the first label of the host name that clients use
};

struct User {
  UserId id;
  TeamId team;
  std::string name;
  std::string email;
};

struct Pool {
  PoolId id;
  TeamId team;
  std::string name;
  std::string description;
  UserId creator;
  Timestamp created{};
};

/// What a table of a pool looks like from outside.
struct TableInfo {
  std::string name;
  bool view = false;
  std::uint64_t rows_estimated = 0;
};

struct ColumnInfo {
  std::string name;
  std::string type;  ///< the engine's name of the type: BIGINT, VARCHAR, DECIMAL(18,2), …

  bool operator==(const ColumnInfo&) const = default;
};

}  // namespace adit
