// Jobs, their line and their outcome, as the catalog keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/durability.h"
#include "model/execute_limits.h"
#include "model/idempotency.h"
#include "model/job.h"

namespace adit {

/// Which jobs a list shows. Absent means all.
struct JobFilter {
  std::optional<JobStatus> status;
  std::optional<std::string> target_name;  ///< whatever the case
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
  std::optional<DataSourceId> connection{};
  std::optional<std::int64_t> before{};  ///< only older ones than this: JobPage::next
};

/// A part of a list of jobs that can be held, however long the list is.
struct JobPage {
  std::vector<Job> jobs;
  /// JobFilter::before of the next page; absent when the list ends here, be it by its limit.
  std::optional<std::int64_t> next;
};

/// What a list of expired jobs leaves out, so that it gets past what can't go yet.
struct ExpiryExceptions {
  std::set<PoolId> pools;      ///< all jobs of these
  std::set<PoolId> landed_of;  ///< the DONE jobs of these
};

/// A change of a job's state, applied only where the present state is one of `from`.
struct JobTransition {
  std::vector<JobStatus> from;
  JobStatus to = JobStatus::kNew;
  Timestamp at{};
  std::vector<std::string> logs_added{};
  std::optional<std::uint64_t> rows_landed{};
};

/// What came of an execute. Where the team's limits did not admit it, the job is as it was.
struct Execution {
  Job job;
  ExecuteAdmission admission;
};

/// The jobs and the lines they stand in; for calls, threads and errors see Catalog.
class JobCatalog {
 public:
  virtual ~JobCatalog() = default;

  /// kConflict: the job's data connection has been deleted.
  virtual Result<void> insert_job(const Job& job, const RequestCompletion* completion = nullptr) = 0;
  /// Puts a job with a table change at the end of its table's line: QUEUED, with the next execute_order, and
  /// deleted from the start. Returns it as it then is. kNotFound: the pool has been deleted; kConflict: the
  /// data connection has.
  virtual Result<Job> queue_table_change(const Job& job) = 0;
  /// A deleted job is not found unless `with_deleted`.
  virtual Result<std::optional<Job>> find_job(PoolId pool, JobId job, bool with_deleted = false) = 0;
  /// Newest first, not deleted. A page ends behind the job with which it takes 512 KiB of memory. What is
  /// created, deleted or changed between two pages moves no other job from one to another.
  virtual Result<JobPage> list_jobs(PoolId pool, const JobFilter& filter) = 0;
  /// NEW → QUEUED with the next execute_order, if the limits of the pool's team admit it. An execute is
  /// counted in the transaction that queues the job: what is refused or fails counts nothing. kConflict if it
  /// is not NEW; kInvalid if it has no chunk.
  virtual Result<Execution> execute_job(JobId job, Timestamp at,
                                        const RequestCompletion* completion = nullptr,
                                        const std::optional<std::string>& duplicate_removal_column = {}) = 0;
  /// Applies a transition; nothing if the job is in none of `from` (or gone).
  virtual Result<std::optional<Job>> transition(JobId job, const JobTransition& change,
                                                Durability durability) = 0;
  /// NEW and QUEUED become CANCELED at once; what is RUNNING, or QUEUED and may have landed before a restart,
  /// is marked cancel_requested. kConflict in a final state. Returns the job as it then is.
  virtual Result<Job> request_cancel(JobId job, Timestamp at) = 0;
  /// NEW jobs that were created and got their last chunk before `silent_since`, at most `limit` of them,
  /// become CANCELED with that line in their logs. Returns them as they then are.
  virtual Result<std::vector<Job>> cancel_abandoned_jobs(Timestamp silent_since, Timestamp at,
                                                         const std::string& log_line,
                                                         std::uint64_t limit) = 0;
  /// Whether somebody asked to cancel the job. False for a job that is gone.
  virtual Result<bool> cancel_requested(JobId job) = 0;
  /// Hides a job from the push routes. False: there was none.
  virtual Result<bool> delete_job(JobId job, Timestamp at) = 0;
  /// Takes the QUEUED job with the smallest execute_order for whose tables (pool, data connection and
  /// folded names of target and mirrors; the whole pool for one with a postExecutionQuery) no earlier
  /// executed job is still QUEUED or RUNNING, makes it RUNNING and counts the claim. `owner` names the
  /// process that took it. Jobs of the pools in `except` are passed over. Relaxed durability.
  virtual Result<std::optional<Job>> claim_next_job(const std::string& owner, Timestamp at,
                                                    const std::set<PoolId>& except = {}) = 0;
  /// The greatest execute_order that stood here when the catalog was opened. Who ran before may have taken,
  /// and landed, any job up to it: a power cut takes the claims back, but not what was landed.
  virtual std::int64_t executed_before_opening() const = 0;
  /// RUNNING jobs claimed by any owner but `owner`: what a dead process left. For recovery.
  virtual Result<std::vector<Job>> list_abandoned_jobs(const std::string& owner) = 0;
  /// Jobs that are NEW and have chunks, in the order of creation; for recovery.
  virtual Result<std::vector<Job>> list_new_jobs_with_chunks() = 0;
  /// DONE jobs of a pool (deleted ones included) whose chunks are still kept, by execute_order: those behind
  /// `after`, at most so many.
  virtual Result<std::vector<JobPlace>> list_landed_jobs(PoolId pool, std::int64_t after,
                                                         std::uint64_t limit) = 0;
  /// Final jobs (deleted ones included) that finished before `before` and whose chunks are still kept; and
  /// deleted jobs that never landed, whatever their age.
  virtual Result<std::vector<Job>> list_expired_jobs(Timestamp before, std::uint64_t limit,
                                                     const ExpiryExceptions& exceptions = {}) = 0;
  /// Marks a job's chunk files as removed, and forgets the predicate of a table change and the text of a
  /// postExecutionQuery.
  virtual Result<void> forget_chunk_files(JobId job) = 0;
  /// Of all pools where none is named.
  virtual Result<std::uint64_t> count_jobs(JobStatus status, std::optional<PoolId> pool = {}) = 0;
};

}  // namespace adit
