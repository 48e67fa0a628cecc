// The statement that a job runs after its rows, in the transaction of its landing.
#pragma once

#include <string>
#include <vector>

#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/open_pool.h"

namespace adit {

/// Runs the job's statement inside the connection's transaction and returns the table whose columns it may
/// have changed, if any. `landed` are the tables that the transaction has written, which the pool may not
/// know yet; the first of them says how the engine spells the job's schema. Everything that the statement
/// reads passes the gate of users' queries; what it writes is one table, a global one or one of the job's own
/// schema, named by the server's own text. kInvalid, with what is wrong and where, for a statement that is
/// refused or fails: the transaction must then be rolled back.
Result<std::optional<TableName>> run_post_execution(OpenPool& pool, Connection& connection,
                                                    Activity& activity, const JobSpec& spec,
                                                    const std::vector<TableName>& landed);

}  // namespace adit
