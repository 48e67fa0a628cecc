// The gate before users' SQL: what may run is decided from the engine's own parse of it, before anything is
// bound.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "warehouse/duckdb/engine.h"

namespace adit {

inline constexpr std::size_t kQuerySqlBytesMax = 100'000;

enum class QueryKind {
  kSelect,  ///< can stand in parentheses as a subquery
  kOther,   ///< EXPLAIN, SHOW, DESCRIBE
};

/// A statement that only reads tables and views of its pool.
struct GatedQuery {
  std::string sql;
  QueryKind kind = QueryKind::kOther;
};

/// kInvalid for a query that is longer than any that gate_query() lets through.
Result<void> check_query_length(std::string_view sql);

/// Lets through one SELECT (with WITH, VALUES, FROM first, DESCRIBE, SUMMARIZE, SHOW TABLES), or EXPLAIN of
/// one.
///
/// Call it inside the read-only transaction that then runs the query: the names it allows are those that this
/// transaction sees. Runs statements of its own on the connection, none of them holding the user's text as
/// SQL. kInvalid with the reason for the user when the statement is refused or can't be parsed.
Result<GatedQuery> gate_query(Connection& connection, std::string_view sql);

/// The engine's parse of exactly one statement that is a query, without looking at what it names; kInvalid as
/// gate_query().
Result<boost::json::value> parse_query(Connection& connection, const std::string& sql);

}  // namespace adit
