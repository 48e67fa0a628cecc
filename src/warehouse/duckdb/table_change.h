// Changes of a table that no chunk brings: drop, truncate, delete by predicate.
#pragma once

#include <string>

#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/open_pool.h"

namespace adit {

/// The statement that makes a change. kInvalid with the reason for the client when the predicate does not
/// pass, or a view is to lose rows. Runs statements of its own on the connection, inside a transaction or
/// not.
Result<std::string> table_change_sql(Connection& connection, const KnownTable& table,
                                     const TableChange& change);

/// Makes the change of `plan`, whose table is locked by the caller, in one transaction with the job's landing
/// mark. A table that is not there any more is left so, and the mark is written all the same: a change must
/// be able to land again.
Result<Landing> change_table(OpenPool& pool, Connection& connection, Activity& activity,
                             const StagePlan& plan, Timestamp now);

}  // namespace adit
