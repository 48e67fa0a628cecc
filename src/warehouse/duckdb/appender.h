// Writes typed rows into a table without a statement: no parsing, no planning.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/table_name.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/held_rows.h"

namespace adit {

struct AppendTarget {
  std::string catalog{};  ///< empty: the pool's own
  TableName table;
};

/// Appends within the connection's transaction, and goes with it: destruction without finish() may write some
/// rows.
class Appender {
 public:
  /// Columns that are not named become null.
  static Result<Appender> open(Connection& connection, const AppendTarget& target,
                               const std::vector<std::string>& columns);
  Appender(Appender&& other) noexcept
      : appender_(std::exchange(other.appender_, nullptr)), connection_(other.connection_) {}
  Appender& operator=(Appender&&) = delete;
  ~Appender();

  /// The piece has the columns given to open(), in their order. Errors as to_error().
  Result<void> append(const DataChunk& rows);
  Result<void> finish();

 private:
  Appender(duckdb_appender appender, Connection& connection)
      : appender_(appender), connection_(&connection) {}
  Error failure() const;

  duckdb_appender appender_;
  Connection* connection_;
};

/// Appends the held chunks in their order; the number of rows. The table has all their columns.
Result<std::uint64_t> append_held(Connection& connection, const AppendTarget& target,
                                  const std::map<std::int64_t, HeldRows>& held);

}  // namespace adit
