// catalog/ keeps what must be remembered besides rows and chunk bytes: teams, users, keys, pools, jobs,
// chunks. It knows SQL and the model; it knows no HTTP, no engine and no files of chunks.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/chunk.h"
#include "model/idempotency.h"
#include "model/job.h"
#include "model/key.h"
#include "model/pool.h"

namespace adit {

/// How a write must survive.
enum class Durability {
  kFull,     ///< on disk when the call returns; for everything a client was told
  kRelaxed,  ///< whole or absent after a power cut; for what recovery can find out again
};

/// Which jobs a list shows. Absent means all.
struct JobFilter {
  std::optional<JobStatus> status;
  std::optional<std::string> target_name;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
};

struct PoolPage {
  std::vector<Pool> pools;
  std::uint64_t total = 0;
};

/// A change of a job's state, applied only where the present state is one of `from`.
struct JobTransition {
  std::vector<JobStatus> from;
  JobStatus to = JobStatus::kNew;
  Timestamp at{};
  std::vector<std::string> logs_added{};
  std::optional<std::uint64_t> rows_landed{};
};

/// How long what is known of an Idempotency-Key counts.
struct RequestTimes {
  std::chrono::milliseconds remembered{std::chrono::hours{24}};
  /// After this time a request that has no outcome is taken for dead.
  std::chrono::milliseconds under_way_max{std::chrono::hours{1}};
};

/// The catalog of one installation, perhaps shared by several processes. Thread-safe. Every call is one
/// transaction. Errors: kNotFound, kConflict where said; kStorageFull; kInternal for everything the database
/// says.
class Catalog {
 public:
  virtual ~Catalog() = default;

  // Teams and users.
  virtual Result<std::optional<Team>> find_team() = 0;  ///< the first team; nothing on an empty catalog
  virtual Result<std::optional<User>> find_user(UserId user) = 0;
  /// Creates team, administrator and key in one transaction.
  virtual Result<void> found_team(const Team& team, const User& administrator, const Key& key) = 0;
  virtual Result<std::optional<User>> find_administrator(TeamId team) = 0;
  /// The teams whose domain is this one, compared without case.
  virtual Result<std::vector<TeamId>> find_teams_by_domain(const std::string& domain) = 0;

  // Keys.
  virtual Result<void> insert_key(const Key& key) = 0;
  virtual Result<std::optional<Key>> find_key(KeyId key) = 0;
  virtual Result<std::vector<Key>> list_keys(TeamId team) = 0;
  virtual Result<bool> delete_key(TeamId team, KeyId key) = 0;  ///< false: there was none
  virtual Result<void> touch_key(KeyId key, Timestamp used) = 0;

  // Pools.
  virtual Result<void> insert_pool(const Pool& pool) = 0;  ///< kConflict: the id is taken
  virtual Result<std::optional<Pool>> find_pool(TeamId team, PoolId pool) = 0;
  virtual Result<std::vector<Pool>> list_pools(TeamId team) = 0;  ///< oldest first
  /// One page of the same list, and how many pools there are in all.
  virtual Result<PoolPage> list_pools(TeamId team, std::uint64_t limit, std::uint64_t offset) = 0;
  /// Writes name and description. False: there is no such pool.
  virtual Result<bool> update_pool(const Pool& pool) = 0;
  /// Hides a pool for good and cancels its NEW jobs; returns those. kNotFound; kConflict with their names
  /// while jobs are QUEUED or RUNNING. From then on the pool is among list_deleted_pools() until
  /// erase_pool().
  virtual Result<std::vector<JobId>> delete_pool(TeamId team, PoolId pool, Timestamp at) = 0;
  virtual Result<std::vector<PoolId>> list_deleted_pools() = 0;
  /// Forgets a deleted pool with its jobs, chunks and data sources. Nothing there is no error.
  virtual Result<void> erase_pool(PoolId pool) = 0;

  // Data sources.
  /// kConflict: the id, or in this pool the name whatever its case, is taken.
  virtual Result<void> insert_data_source(const DataSource& source) = 0;
  virtual Result<std::optional<DataSource>> find_data_source(PoolId pool, DataSourceId source) = 0;
  virtual Result<std::vector<DataSource>> list_data_sources(PoolId pool) = 0;     ///< oldest first
  virtual Result<bool> delete_data_source(PoolId pool, DataSourceId source) = 0;  ///< false: there was none

  // Requests with an Idempotency-Key. Where a call takes a `completion`, its transaction also writes the
  // answer down; kConflict, and no effect, if the claim was lost meanwhile.
  /// Claims a key, or returns the answer that it stands for. kConflict if another request of that key is
  /// under way. Relaxed durability: what matters is the completion.
  virtual Result<std::optional<RememberedAnswer>> claim_request(const RequestClaim& claim,
                                                                const RequestTimes& times) = 0;
  /// Gives a claim back whose request failed. One that is completed stays.
  virtual Result<void> release_request(const RequestClaim& claim) = 0;
  /// Gives back what a dead process left. For recovery.
  virtual Result<void> release_all_requests() = 0;
  /// Forgets keys claimed before that time; returns how many.
  virtual Result<std::uint64_t> forget_requests(Timestamp before) = 0;

  // Jobs.
  virtual Result<void> insert_job(const Job& job, const RequestCompletion* completion = nullptr) = 0;
  /// Puts a job with a table change at the end of its table's line: QUEUED, with the next execute_order, and
  /// deleted from the start. Returns it as it then is. kNotFound: the pool has been deleted.
  virtual Result<Job> queue_table_change(const Job& job) = 0;
  /// A deleted job is not found unless `with_deleted`.
  virtual Result<std::optional<Job>> find_job(PoolId pool, JobId job, bool with_deleted = false) = 0;
  virtual Result<std::vector<Job>> list_jobs(PoolId pool,
                                             const JobFilter& filter) = 0;  ///< newest first, not deleted
  /// NEW → QUEUED with the next execute_order. Returns the job as it then is; kConflict if it is not NEW;
  /// kInvalid if it has no chunk.
  virtual Result<Job> execute_job(JobId job, Timestamp at, const RequestCompletion* completion = nullptr,
                                  const std::optional<std::string>& duplicate_removal_column = {}) = 0;
  /// Applies a transition; nothing if the job is in none of `from` (or gone).
  virtual Result<std::optional<Job>> transition(JobId job, const JobTransition& change,
                                                Durability durability) = 0;
  /// NEW and QUEUED become CANCELED at once; RUNNING is marked cancel_requested. kConflict in a final state.
  /// Returns the job as it then is.
  virtual Result<Job> request_cancel(JobId job, Timestamp at) = 0;
  /// Whether somebody asked to cancel the job. False for a job that is gone.
  virtual Result<bool> cancel_requested(JobId job) = 0;
  /// Hides a job from the push routes. False: there was none.
  virtual Result<bool> delete_job(JobId job, Timestamp at) = 0;
  /// Takes the QUEUED job with the smallest execute_order for whose tables (pool and folded names of target
  /// and mirrors; the whole pool for one with a postExecutionQuery) no earlier executed job is still QUEUED
  /// or RUNNING, makes it RUNNING and counts the claim. `owner` names the process that took it. Relaxed
  /// durability.
  virtual Result<std::optional<Job>> claim_next_job(const std::string& owner, Timestamp at) = 0;
  /// RUNNING jobs claimed by any owner but `owner`: what a dead process left. For recovery.
  virtual Result<std::vector<Job>> list_abandoned_jobs(const std::string& owner) = 0;
  /// Jobs that are NEW and have chunks, in the order of creation; for recovery.
  virtual Result<std::vector<Job>> list_new_jobs_with_chunks() = 0;
  /// DONE jobs of a pool (deleted ones included) whose chunks are still kept, by execute_order.
  virtual Result<std::vector<Job>> list_landed_jobs(PoolId pool) = 0;
  /// Final jobs (deleted ones included) that finished before `before` and whose chunks are still kept; and
  /// deleted jobs that never landed, whatever their age.
  virtual Result<std::vector<Job>> list_expired_jobs(Timestamp before, std::uint64_t limit) = 0;
  /// Marks a job's chunk files as removed, and forgets the predicate of a table change.
  virtual Result<void> forget_chunk_files(JobId job) = 0;
  virtual Result<std::uint64_t> count_jobs(JobStatus status) = 0;

  // Chunks.
  /// Inserts chunks, all or none, and sets their position. kConflict if the job is not NEW (or deleted): the
  /// state is checked in the same transaction; and if one has the sequence number of another.
  virtual Result<std::vector<Chunk>> insert_chunks(JobId job, std::vector<Chunk> chunks,
                                                   const RequestCompletion* completion = nullptr) = 0;
  /// In the order in which they apply: those with a sequence number by it, then the others by position.
  virtual Result<std::vector<Chunk>> list_chunks(JobId job) = 0;
  /// Takes a chunk out of a job that is NEW and returns it as it was. If it had been looked at by a stage,
  /// all chunks of the job are STORED again. kNotFound; kConflict in any other state.
  virtual Result<Chunk> remove_chunk(JobId job, ChunkId chunk) = 0;
  /// Sets state, rows and errors; relaxed durability.
  virtual Result<void> update_chunk(const Chunk& chunk) = 0;
};

/// Opens (or creates) a catalog in an SQLite file and migrates it. kInvalid when the file was written by a
/// newer version of adit.
Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& file);

}  // namespace adit
