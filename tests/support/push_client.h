// PoolClient: the words of the push API over one pool.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "support/http_client.h"
#include "support/server.h"

namespace adit::test {

using Row = std::vector<std::string>;
using Rows = std::vector<Row>;

/// A cell of a query's answer as text: null is `NULL`, strings as they are, all else as JSON.
std::string cell_text(const boost::json::value& cell);
bool is_final_status(std::string_view status);

/// Creates a pool and returns its id. Throws std::runtime_error on any answer but 200.
std::string create_pool(Http& http, const std::string& name);

/// One client of one pool. Every function that is not said to return an HttpResponse throws
/// std::runtime_error, with the answer in it, when the server does not answer as the contract says. Not
/// thread-safe.
class PoolClient {
 public:
  PoolClient(Http http, std::string pool, std::string prefix = "/data-ingestion");
  /// In a fresh pool of that server.
  explicit PoolClient(const Server& server);

  const std::string& pool() const { return pool_; }
  Http& http() { return http_; }
  std::string jobs_path() const { return prefix_ + "/api/v1/data-push/" + pool_ + "/jobs/"; }
  std::string job_path(const std::string& job) const { return jobs_path() + job; }
  std::string chunks_path(const std::string& job) const { return job_path(job) + "/chunks/upserted"; }

  /// Creates a job and returns it as the server sees it.
  boost::json::object create(boost::json::object spec);
  std::string create_job(boost::json::object spec);
  HttpResponse try_create(boost::json::object spec) { return http_.post_json(jobs_path(), spec); }

  void upload(const std::string& job, std::string bytes);
  void upload_deleted(const std::string& job, std::string bytes);
  HttpResponse try_upload(const std::string& job, std::string bytes);
  void execute(const std::string& job);
  HttpResponse try_execute(const std::string& job) { return http_.post(job_path(job)); }
  HttpResponse try_cancel(const std::string& job) { return http_.post(job_path(job) + "/cancel"); }
  HttpResponse try_delete(const std::string& job) { return http_.del(job_path(job)); }

  boost::json::object job(const std::string& job);
  std::string status(const std::string& job);
  boost::json::array chunks(const std::string& job);
  /// Polls until the job is DONE, ERROR or CANCELED.
  boost::json::object wait(const std::string& job,
                           std::chrono::milliseconds timeout = std::chrono::seconds{60});
  /// Polls until every chunk is STAGED or FAILED.
  boost::json::array wait_staged(const std::string& job,
                                 std::chrono::milliseconds timeout = std::chrono::seconds{60});

  /// create, upload, execute and wait in one; returns the final job.
  boost::json::object push(boost::json::object spec, const std::vector<std::string>& chunks);
  /// The same, and DONE is demanded.
  void push_done(boost::json::object spec, const std::vector<std::string>& chunks);

  HttpResponse try_query(const std::string& sql);
  Rows rows(const std::string& sql);
  /// The one cell of a query with one row.
  std::string value(const std::string& sql);
  /// Names of the pool's tables, sorted.
  std::vector<std::string> tables();

 private:
  Http http_;
  std::string pool_;
  std::string prefix_;
};

/// The lines of a job's `logs`, joined with line ends.
std::string logs_of(const boost::json::object& job);
/// `a.b.c` of an object; null where there is none.
boost::json::value field(const boost::json::value& value, std::string_view path);

/// Specifications that many tests start from; `more` is put over them.
boost::json::object csv_job(const std::string& type, const std::string& table, boost::json::object more = {});
boost::json::object parquet_job(const std::string& type, const std::string& table,
                                boost::json::object more = {});

}  // namespace adit::test
