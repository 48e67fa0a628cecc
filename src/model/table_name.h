// The name of a table within its pool.
#pragma once

#include <string>

namespace adit {

struct TableName {
  std::string schema{};  ///< the name of the data connection that the table belongs to; empty: it is global
  std::string name;

  bool operator==(const TableName&) const = default;
};

}  // namespace adit
