// The gate before the predicate of a deletion.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/table_name.h"
#include "warehouse/duckdb/engine.h"

namespace adit {

inline constexpr std::size_t kPredicateBytesMax = 20'000;

/// Lets through one expression over the columns of one row of a table, which afterwards may
/// stand in `WHERE (\n…\n)`.
///
/// Everything that gate_query() demands of a condition holds here too. On top of that: the text is one
/// expression and no piece of the statement around it, it has no subqueries, and it is true for the same rows
/// whenever it is asked, because a deletion may have to be made again after a power cut: so no clock, no
/// random numbers, no row numbers. kInvalid with the reason for the client.
Result<void> gate_predicate(Connection& connection, const TableName& table, std::string_view predicate);

}  // namespace adit
