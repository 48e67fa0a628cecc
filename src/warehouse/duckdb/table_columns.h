// The columns of a table, or of anything that can stand in FROM, without running a query.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/pool.h"
#include "model/table_name.h"
#include "warehouse/duckdb/engine.h"

namespace adit {

/// Names and types of what `SELECT * FROM <from>` gives.
Tried<std::vector<ColumnInfo>> columns_of(Connection& connection, const std::string& from);

/// The columns of a table, the hidden ones included; nullopt when there is none of that exact
/// name (the engine ignores the case of ASCII letters). Ask only for names that are known or the warehouse's
/// own: the engine takes unknown ones that look like a file's for a file.
Result<std::optional<std::vector<ColumnInfo>>> table_columns(Connection& connection, const TableName& table);

/// The column of that name in any case; nullptr: there is none.
const ColumnInfo* find_column(const std::vector<ColumnInfo>& columns, const std::string& name);

}  // namespace adit
