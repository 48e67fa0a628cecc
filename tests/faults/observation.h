// What a settled server says of its jobs and tables, as plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faults/rows.h"
#include "support/http_client.h"

namespace adit::test {

struct ObservedChunk {
  std::string kind;  ///< UPSERT or DELETE
  std::string checksum;
  std::string state;
  std::optional<std::int64_t> rows;
};

struct ObservedJob {
  std::string id;
  std::string pool;
  std::string status;
  std::string foreign_keys;
  std::string logs;
  std::int64_t created_ms = 0;
  std::int64_t rows_landed = 0;
  std::vector<ObservedChunk> chunks;  ///< only of the jobs that were asked for
};

/// What the history says, which knows also jobs that are deleted.
struct RememberedJob {
  std::string status;
  std::int64_t rows_landed = 0;
};

/// A change of a table, in the history.
struct RememberedChange {
  std::string id;
  std::string pool;
  std::string table;
  std::string connection_id;  ///< empty: a global table
  std::string kind;           ///< DROP, TRUNCATE or DELETE
  std::string status;
  std::string predicate;  ///< of a DELETE, unless it is forgotten
  std::int64_t rows = 0;  ///< that went
};

struct Observed {
  std::vector<ObservedJob> jobs;                 ///< of all pools, each newest first
  std::map<std::string, RememberedJob> history;  ///< of the latest push jobs, by their ids
  std::vector<RememberedChange> changes;         ///< the latest, of each pool the oldest first
  /// (pool, qualified name of the table): its rows, sorted. Exactly the tables that the server lists.
  std::map<std::pair<std::string, std::string>, std::vector<TableRow>> tables;
};

/// Waits until no job is QUEUED or RUNNING. Returns what still is when the time is over; empty: settled.
std::string wait_settled(Http& http, const std::vector<std::string>& pools,
                         std::chrono::milliseconds timeout);

/// Reads everything. Of the jobs named in `without_chunks` (their ids) no chunks are asked for. Waits for
/// chunks of NEW jobs to be staged, up to `timeout`. Throws std::runtime_error on an answer that is none.
Observed observe(Http& http, const std::vector<std::string>& pools,
                 const std::set<std::string>& without_chunks, std::chrono::milliseconds timeout);

}  // namespace adit::test
