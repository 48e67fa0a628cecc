// Push jobs and chunks as a client sends and sees them; the words are the contract's.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace adit::client {

/// A push job as it is to be created.
struct JobRequest {
  std::string table;
  std::string type;       ///< REPLACE or DELTA
  std::string file_type;  ///< PARQUET or CSV
  std::vector<std::string> keys{};
  std::optional<std::string> separator{};
  std::optional<std::string> quote{};
  std::optional<std::string> escape{};
  std::optional<std::string> table_schema{};  ///< a JSON object with `columns`
  std::optional<std::string> upsert_strategy{};
  std::optional<std::uint64_t> fallback_varchar_length{};
  std::optional<std::string> change_date{};  ///< ISO 8601, or milliseconds since the epoch
  std::optional<std::string> foreign_keys{};
  std::optional<std::string> connection{};  ///< id of a data connection
};

struct JobView {
  std::string id;
  std::string table;
  std::string type;
  std::string file_type;
  std::vector<std::string> keys;
  std::string status;  ///< NEW, QUEUED, RUNNING, DONE, ERROR or CANCELED
  std::string phase;   ///< what the server is doing, in its words
  double progress = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t rows_staged = 0;
  std::uint64_t rows_landed = 0;
  std::int64_t created_ms = 0;  ///< since the epoch
  std::int64_t finished_ms = 0;
  std::vector<std::string> logs;

  bool ended() const { return status == "DONE" || status == "ERROR" || status == "CANCELED"; }
};

/// One thing that is wrong with a chunk's data. Counts are from 1 but for the byte, and of the chunk.
struct ChunkProblem {
  std::string message;
  std::optional<std::uint64_t> row;
  std::optional<std::uint64_t> line;
  std::optional<std::uint64_t> byte;
  std::optional<std::string> column;
  std::optional<std::string> value;
};

struct ChunkView {
  std::string id;
  std::string type;   ///< UPSERT or DELETE
  std::string state;  ///< STORED, STAGING, STAGED or FAILED
  std::uint64_t bytes = 0;
  std::string checksum;  ///< SHA-256 in hexadecimal digits
  std::optional<std::uint64_t> rows;
  std::vector<ChunkProblem> problems;
};

/// The body of a create.
std::string create_body(const JobRequest& request);
JobView job_view(const boost::json::value& value);
ChunkView chunk_view(const boost::json::value& value);

}  // namespace adit::client
