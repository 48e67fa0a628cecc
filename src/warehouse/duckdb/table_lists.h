// What of a pool's tables clients get to see: their lists and their columns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/pool.h"
#include "model/table_name.h"
#include "warehouse/duckdb/engine.h"

namespace adit {

/// Tables and views of the global schema, then of the connections' schemas; no names of the warehouse's own.
Result<std::vector<TableInfo>> list_tables(Connection& connection);

/// The columns of a table or view. Names are compared by Unicode case
/// folding. nullopt: there is none of that name.
Result<std::optional<std::vector<ColumnInfo>>> list_columns(Connection& connection, const TableName& table);

}  // namespace adit
