// The lengths that clients declared for the texts of a table, in the pool's `adit` schema.
#pragma once

#include <string>
#include <vector>

#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/job_stage.h"
#include "warehouse/warehouse.h"

namespace adit {

/// What a job declares for a text column: its own length in tableSchema, else fallbackVarcharLength.
std::optional<std::int64_t> declared_length(const JobSpec& spec, const std::string& column);

/// Remembers, inside the landing's transaction, what a job declares for its text columns. A table that the
/// job made or replaced forgets what was declared before. Where nothing was and is declared this costs
/// nothing: `any_before` says whether the pool has any declared length at all. Returns whether it has one
/// now.
Result<bool> remember_declared_lengths(Connection& connection, const JobSpec& spec, const TableName& table,
                                       const std::vector<StagedColumn>& columns, bool replaced,
                                       bool any_before);
Result<void> forget_declared_lengths(Connection& connection, const TableName& table);
Result<bool> has_declared_lengths(Connection& connection);

}  // namespace adit
