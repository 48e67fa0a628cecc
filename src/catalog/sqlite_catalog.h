// The catalog in an SQLite file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/pool_memory.h"
#include "catalog/row_codecs.h"
#include "catalog/session_pool.h"
#include "catalog/write_queue.h"

namespace adit {

/// Its functions stand in one source file per subject: teams_and_keys, pools, data_sources, requests, jobs,
/// job_queue, job_lists, chunks.
class SqliteCatalog final : public Catalog {
 public:
  /// Opens a file that is migrated already. Throws what opening a session throws.
  explicit SqliteCatalog(const std::filesystem::path& file);

  Result<std::optional<Team>> find_team() override;
  Result<std::optional<User>> find_user(UserId user) override;
  Result<void> found_team(const Team& team, const User& administrator, const Key& key) override;
  Result<std::optional<User>> find_administrator(TeamId team) override;
  Result<std::vector<TeamId>> find_teams_by_domain(const std::string& domain) override;

  Result<void> insert_key(const Key& key) override;
  Result<std::optional<Key>> find_key(KeyId key) override;
  Result<std::vector<Key>> list_keys(TeamId team) override;
  Result<bool> delete_key(TeamId team, KeyId key) override;
  Result<void> touch_key(KeyId key, Timestamp used) override;

  Result<void> insert_pool(const Pool& pool) override;
  Result<std::optional<Pool>> find_pool(TeamId team, PoolId pool) override;
  Result<std::vector<Pool>> list_pools(TeamId team) override;
  Result<PoolPage> list_pools(TeamId team, std::uint64_t limit, std::uint64_t offset) override;
  Result<bool> update_pool(const Pool& pool) override;
  Result<std::vector<JobId>> delete_pool(TeamId team, PoolId pool, Timestamp at) override;
  Result<std::vector<PoolId>> list_deleted_pools() override;
  Result<void> erase_pool(PoolId pool) override;

  Result<void> insert_data_source(const DataSource& source) override;
  Result<std::optional<DataSource>> find_data_source(PoolId pool, DataSourceId source) override;
  Result<std::vector<DataSource>> list_data_sources(PoolId pool) override;
  Result<bool> delete_data_source(PoolId pool, DataSourceId source) override;

  Result<std::optional<RememberedAnswer>> claim_request(const RequestClaim& claim,
                                                        const RequestTimes& times) override;
  Result<void> release_request(const RequestClaim& claim) override;
  Result<void> release_all_requests() override;
  Result<std::uint64_t> forget_requests(Timestamp before) override;

  Result<void> insert_job(const Job& job, const RequestCompletion* completion) override;
  Result<Job> queue_table_change(const Job& job) override;
  Result<std::optional<Job>> find_job(PoolId pool, JobId job, bool with_deleted) override;
  Result<std::vector<Job>> list_jobs(PoolId pool, const JobFilter& filter) override;
  Result<Job> execute_job(JobId job, Timestamp at, const RequestCompletion* completion,
                          const std::optional<std::string>& duplicate_removal_column) override;
  Result<std::optional<Job>> transition(JobId job, const JobTransition& change,
                                        Durability durability) override;
  Result<Job> request_cancel(JobId job, Timestamp at) override;
  Result<bool> cancel_requested(JobId job) override;
  Result<bool> delete_job(JobId job, Timestamp at) override;
  Result<std::optional<Job>> claim_next_job(const std::string& owner, Timestamp at) override;
  Result<std::vector<Job>> list_abandoned_jobs(const std::string& owner) override;
  Result<std::vector<Job>> list_new_jobs_with_chunks() override;
  Result<std::vector<Job>> list_landed_jobs(PoolId pool) override;
  Result<std::vector<Job>> list_expired_jobs(Timestamp before, std::uint64_t limit) override;
  Result<void> forget_chunk_files(JobId job) override;
  Result<std::uint64_t> count_jobs(JobStatus status) override;

  Result<std::vector<Chunk>> insert_chunks(JobId job, std::vector<Chunk> chunks,
                                           const RequestCompletion* completion) override;
  Result<std::vector<Chunk>> list_chunks(JobId job) override;
  Result<Chunk> remove_chunk(JobId job, ChunkId chunk) override;
  Result<void> update_chunk(const Chunk& chunk) override;

 private:
  /// Runs `body(session)` on a reading session; its value is the result.
  template <class Body>
  auto read(Body body) -> Result<std::invoke_result_t<Body, SqliteSession&>>;
  /// Runs `body(session)`, which returns a Result, as a durable or relaxed transaction. It may run twice.
  template <class Body>
  auto write(Durability durability, std::string_view name, Body body)
      -> std::invoke_result_t<Body, SqliteSession&>;

  SessionPool readers_;
  WriteQueue writes_;
  PoolMemory pools_;
};

/// A job as the writing transaction sees it, with the columns that the model does not show.
struct StoredJob {
  std::int64_t number = 0;
  std::string target_folded;
  Job job;
};

/// Finds a job whether or not it is deleted.
std::optional<StoredJob> find_stored_job(SqliteSession& session, JobId job);
/// Writes the columns of `stored` that change during a job's life, and who holds it; then lets the next job
/// of its table have its turn.
void store_job_state(SqliteSession& session, const StoredJob& stored,
                     const std::optional<std::string>& claimed_by);
/// Within the transaction that carries a request out: writes its answer down. Null: there is nothing to
/// write.
Result<void> complete_request(SqliteSession& session, const RequestCompletion* completion);
/// Lets the jobs of a pool have their turn that may have it now that `stored` has changed.
void pass_turn(SqliteSession& session, const StoredJob& stored);
/// The column other_lines of a new job.
std::optional<std::string> other_lines(const JobSpec& spec);
/// Reads all rows of a SELECT of JobRow::kColumns.
std::vector<Job> fetch_jobs(Query& query);
/// The errors of jobs that are not there or in the wrong state; `what` says what can't be done: "be
/// executed".
Error no_such_job();
Error wrong_status(const Job& job, std::string_view what);

template <class Body>
auto SqliteCatalog::read(Body body) -> Result<std::invoke_result_t<Body, SqliteSession&>> {
  try {
    auto lease = readers_.lease();
    try {
      return body(*lease);
    } catch (const std::exception& exception) {
      return (*lease).error_of(exception);
    }
  } catch (const std::exception& exception) {
    return internal(std::string("catalog: ") + exception.what());
  }
}

template <class Body>
auto SqliteCatalog::write(Durability durability, std::string_view name, Body body)
    -> std::invoke_result_t<Body, SqliteSession&> {
  using Answer = std::invoke_result_t<Body, SqliteSession&>;
  if constexpr (std::is_void_v<typename Answer::value_type>) {
    return writes_.run(durability, name, body);
  } else {
    std::optional<typename Answer::value_type> value;
    ADIT_CHECK(writes_.run(durability, name, [&](SqliteSession& session) -> Result<void> {
      auto answer = body(session);
      if (!answer) return std::move(answer).error();
      value = *std::move(answer);
      return {};
    }));
    return *std::move(value);
  }
}

}  // namespace adit
