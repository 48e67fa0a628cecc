// AditApi: the calls of the HTTP API that the commands make, with values instead of JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/history_view.h"
#include "client/http_client.h"
#include "client/job_view.h"
#include "client/push_pieces.h"
#include "client/retry.h"
#include "client/text_table.h"
#include "model/disk_quota.h"

namespace adit::client {

/// What a pool uses of the disk.
struct DiskView {
  std::string quota;  ///< OWN, NONE or DEFAULT
  std::optional<std::uint64_t> bytes_max;
  std::uint64_t bytes = 0;
  std::uint64_t chunk_bytes = 0;
  std::optional<std::uint64_t> table_bytes;  ///< none: nobody has looked yet
};

struct PoolView {
  std::string id;
  std::string name;
  std::string description;
  std::int64_t created_ms = 0;  ///< since the epoch
  DiskView disk{};
};

struct AuditView {
  std::int64_t at_ms = 0;
  std::string who;  ///< the name; empty: nobody was recognized
  std::string peer;
  std::string operation;
  std::string pool;    ///< its id, if it is about one
  std::string object;  ///< what else it is about
  std::int64_t status = 0;
  std::string outcome;
};
struct AuditPage {
  std::vector<AuditView> entries;
  std::string body;  ///< the answer as it came
};

/// Empty means all; times are ISO 8601 or milliseconds since the epoch.
struct AuditFilter {
  std::string from;
  std::string to;
  std::string principal;
  std::string operation;
  std::string object;
  std::string outcome;
};

struct JobFilter {
  std::string status;  ///< empty for all
  std::string table;   ///< empty for all
  std::optional<std::uint64_t> limit;
};

/// A data connection of a pool.
struct ConnectionView {
  std::string id;
  std::string name;
};

/// A table as the calls name it.
struct TablePlace {
  std::string pool;  ///< id
  std::string table;
  std::string connection{};  ///< id; empty for a global table
};

struct TableColumn {
  std::string name;
  std::string type;       ///< one of the contract's four words
  std::string stored_as;  ///< the engine's type
};

struct TableView {
  std::string name;
  std::string connection;     ///< its name; empty for a global table
  std::string connection_id;  ///< likewise
  std::string type;           ///< TABLE or VIEW
  std::uint64_t rows_estimated = 0;
  std::vector<TableColumn> columns;
};

/// What is done to a table other than by a push.
struct TableChange {
  enum class Kind { kDrop, kTruncate, kDeleteRows } kind = Kind::kDrop;
  std::string where{};  ///< kDeleteRows: an SQL expression over the columns of a row
};

struct ChangeView {
  std::string id;
  std::string status;  ///< as of a job
  std::uint64_t rows = 0;
  std::vector<std::string> logs;
};

struct QueryRequest {
  std::string sql;
  std::optional<std::uint64_t> limit;
  std::chrono::milliseconds timeout{60'000};
};

struct QueryView {
  TextTable table;
  bool truncated = false;
  std::chrono::duration<double> elapsed{0};
  std::string body;  ///< the answer as it came
};

/// Errors are those of HttpClient, and for a refusal what error_of_answer makes of it. Requests that may be
/// repeated are, see retry.h; a server that was never reached is an error at once. One thread at a time.
class AditApi {
 public:
  explicit AditApi(HttpClient http) : http_(std::move(http)) {}

  void set_retries(const RetryPolicy& policy, OnRetry on_retry);
  /// Ends what is under way, and waits between attempts. An empty one takes it away.
  void set_stop(const StopQuestion& stop);
  /// Another one of the same server with the same settings, for another thread.
  AditApi sibling() const;

  Result<std::vector<PoolView>> pools();
  Result<PoolView> pool(const std::string& id);
  /// `id` may be empty: then there is a new one.
  Result<PoolView> create_pool(const std::string& name, const std::string& description,
                               const std::string& id);
  /// Without a description it stays as it is.
  Result<PoolView> rename_pool(const std::string& id, const std::string& name,
                               const std::optional<std::string>& description);
  /// After a look at its tables.
  Result<DiskView> disk(const std::string& id);
  Result<DiskView> set_quota(const std::string& id, const DiskQuota& quota);
  /// With all its tables and jobs.
  Result<void> delete_pool(const std::string& id);
  /// The id of the pool of exactly that name; a text in the form of a UUID is an id. kNotFound lists what
  /// there is; kInvalid lists the ids where several have that name.
  Result<std::string> find_pool(const std::string& name_or_id);
  Result<std::vector<TableView>> tables(const std::string& pool);
  /// Changes a table in its turn among the jobs, and waits for that. kConflict when it was not made.
  Result<ChangeView> change_table(const TablePlace& place, const TableChange& change);
  /// The rows of a table, as `media_type` has them.
  Result<void> download_table(const TablePlace& place, const std::string& media_type,
                              const HttpClient::Sink& sink);
  Result<std::vector<ConnectionView>> connections(const std::string& pool);
  Result<ConnectionView> create_connection(const std::string& pool, const std::string& name);
  /// The id of the data connection of that name, in any case; a text in the form of a UUID is an id.
  /// kNotFound lists what there is.
  Result<std::string> find_connection(const std::string& pool, const std::string& name_or_id);

  /// Latest first; at most 1,000.
  Result<AuditPage> audit(const AuditFilter& filter, std::uint64_t limit);
  Result<void> download_audit(const AuditFilter& filter, const std::string& media_type,
                              const HttpClient::Sink& sink);

  /// `repeat_key` is the Idempotency-Key under which the server knows a request again that is sent twice.
  Result<JobView> create_job(const std::string& pool, const JobRequest& request,
                             const std::string& repeat_key);
  Result<void> upload(const std::string& pool, const std::string& job, const Piece& piece,
                      const std::string& repeat_key, const HttpClient::Progress& progress);
  Result<void> execute(const std::string& pool, const std::string& job, const std::string& repeat_key);
  Result<JobView> job(const std::string& pool, const std::string& job);
  /// Newest first.
  Result<std::vector<JobView>> jobs(const std::string& pool, const JobFilter& filter);
  /// Jobs that were, newest first, as the server describes them.
  Result<boost::json::array> history(const std::string& pool, const HistoryRequest& request);
  /// One of them with its chunks.
  Result<boost::json::value> history_of(const std::string& pool, const std::string& job);
  /// The job as it ended; kConflict when it had ended before.
  Result<JobView> cancel(const std::string& pool, const std::string& job);
  Result<void> delete_job(const std::string& pool, const std::string& job);
  /// In the order of the rows.
  Result<std::vector<ChunkView>> chunks(const std::string& pool, const std::string& job);

  /// The rows as `media_type` has them, as many as there are unless the request has a limit.
  Result<void> download_query(const std::string& pool, const QueryRequest& request,
                              const std::string& media_type, const HttpClient::Sink& sink);
  Result<QueryView> query(const std::string& pool, const QueryRequest& request);

  HttpClient& http() { return http_; }

 private:
  using Attempt = std::function<Result<Answer>()>;

  /// Makes a request that may be repeated.
  Result<Answer> repeated(const Attempt& attempt);
  Result<Answer> get(const std::string& path);
  Result<Answer> post(const std::string& path, const std::string& body, const std::string& repeat_key);
  /// That it is not there any more when asked a second time is what was wanted.
  Result<void> remove(const std::string& path);

  HttpClient http_;
  RetryPolicy retries_;
  OnRetry on_retry_;
  StopQuestion stop_;
};

}  // namespace adit::client
