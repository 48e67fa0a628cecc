// AditApi: the calls of the HTTP API that the commands make, with values instead of JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/http_client.h"
#include "client/text_table.h"

namespace adit::client {

struct PoolView {
  std::string id;
  std::string name;
  std::string description;
  std::int64_t created_ms = 0;  ///< since the epoch
};

struct KeyView {
  std::string id;
  std::string name;
  std::string kind;  ///< USER or APPLICATION
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> last_used_ms;
  std::string key;  ///< the credential; only when it has just been created
};

/// A push job as it is to be created; the words are the contract's.
struct JobRequest {
  std::string table;
  std::string type;       ///< REPLACE or DELTA
  std::string file_type;  ///< PARQUET or CSV
  std::vector<std::string> keys;
  std::optional<std::string> separator;
  std::optional<std::string> quote;
  std::optional<std::string> escape;
};

struct JobView {
  std::string id;
  std::string status;  ///< NEW, QUEUED, RUNNING, DONE, ERROR or CANCELED
  std::string phase;   ///< what the server is doing, in its words
  double progress = 0;
  std::uint64_t rows_landed = 0;
  std::vector<std::string> logs;

  bool ended() const { return status == "DONE" || status == "ERROR" || status == "CANCELED"; }
};

/// One thing that is wrong with a chunk's data.
struct ChunkProblem {
  std::string message;
  std::optional<std::uint64_t> row;
  std::optional<std::uint64_t> line;
  std::optional<std::string> column;
  std::optional<std::string> value;
};

struct ChunkView {
  std::string id;
  std::string state;  ///< STORED, STAGING, STAGED or FAILED
  std::vector<ChunkProblem> problems;
};

struct QueryView {
  TextTable table;
  bool truncated = false;
  std::chrono::duration<double> elapsed{0};
  std::string body;  ///< the answer as it came
};

/// Errors are those of HttpClient, and for a refusal what error_of_answer makes of it. One thread at a time.
class AditApi {
 public:
  explicit AditApi(HttpClient http) : http_(std::move(http)) {}

  Result<std::vector<PoolView>> pools();
  Result<PoolView> create_pool(const std::string& name, const std::string& description);
  /// The id of the pool of exactly that name; a text in the form of a UUID is an id. kNotFound lists what
  /// there is.
  Result<std::string> find_pool(const std::string& name_or_id);

  Result<std::vector<KeyView>> keys();
  Result<KeyView> create_key(const std::string& name, const std::string& kind);
  Result<void> delete_key(const std::string& id);

  Result<JobView> create_job(const std::string& pool, const JobRequest& request);
  Result<void> upload(const std::string& pool, const std::string& job, const std::filesystem::path& file,
                      const HttpClient::Progress& progress);
  Result<void> execute(const std::string& pool, const std::string& job);
  Result<JobView> job(const std::string& pool, const std::string& job);
  Result<JobView> cancel(const std::string& pool, const std::string& job);
  /// In the order of upload.
  Result<std::vector<ChunkView>> chunks(const std::string& pool, const std::string& job);

  Result<QueryView> query(const std::string& pool, const std::string& sql, std::uint64_t limit,
                          std::chrono::milliseconds timeout);

  HttpClient& http() { return http_; }

 private:
  HttpClient http_;
};

}  // namespace adit::client
