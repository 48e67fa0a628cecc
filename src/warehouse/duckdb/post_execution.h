// The statement that a job runs after its rows, in the transaction of its landing.
#pragma once

#include <string>
#include <vector>

#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/open_pool.h"

namespace adit {

/// Runs `sql` inside the connection's transaction and returns the name of the table whose columns it may have
/// changed. `landed` are the tables that the transaction has written, which the pool may not know yet.
/// Everything that the statement reads passes the gate of users' queries; what it writes is one table of the
/// pool, named by the server's own text. kInvalid, with what is wrong and where, for a statement that is
/// refused or fails: the transaction must then be rolled back.
Result<std::string> run_post_execution(OpenPool& pool, Connection& connection, Activity& activity,
                                       const std::string& sql, const std::vector<std::string>& landed);

}  // namespace adit
