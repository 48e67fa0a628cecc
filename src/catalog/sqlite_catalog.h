// The catalog in an SQLite file.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
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

/// Its functions stand in one source file per subject: teams_and_users, keys,
/// applications_and_groups, grants, oauth_clients, oauth_tokens, oauth_sessions, pools, disk, data_sources,
/// requests, jobs, job_queue, execute_counts, job_lists, history, events, chunks, audit.
class SqliteCatalog final : public Catalog {
 public:
  /// Opens a file that is migrated already. Throws what opening a session throws.
  SqliteCatalog(const std::filesystem::path& file, std::int64_t executed_before_opening);

  Result<std::optional<Team>> find_team() override;
  Result<std::optional<Team>> find_team(TeamId team) override;
  Result<std::vector<Team>> list_teams() override;
  Result<void> found_team(const Team& team, const User& administrator, const Key& key,
                          const Password& password) override;
  Result<bool> set_execute_limits(TeamId team, const ExecuteLimits& limits) override;
  Result<std::vector<TeamId>> find_teams_by_domain(const std::string& domain) override;

  Result<std::optional<User>> find_user(UserId user) override;
  Result<std::optional<User>> find_user_by_email(TeamId team, const std::string& email) override;
  Result<std::vector<User>> list_users(TeamId team) override;
  Result<std::optional<User>> find_administrator(TeamId team) override;
  Result<void> insert_user(const User& user, const Password& password) override;
  Result<bool> update_user(const User& user) override;
  Result<bool> delete_user(TeamId team, UserId user) override;
  Result<std::optional<Password>> find_password(UserId user) override;
  Result<bool> set_password(TeamId team, UserId user, const Password& password) override;

  Result<void> insert_key(const Key& key) override;
  Result<void> insert_key(const Key& key, const Application& application) override;
  Result<std::optional<Key>> find_key(KeyId key) override;
  Result<std::vector<Key>> list_keys(TeamId team) override;
  Result<bool> delete_key(TeamId team, KeyId key) override;
  Result<void> replace_key(const Key& old, const Key& next) override;
  Result<void> touch_key(KeyId key, Timestamp used) override;

  Result<std::uint64_t> access_version() override;
  Result<std::optional<SubjectAccess>> find_access(const Subject& subject) override;
  Result<void> insert_application(const Application& application) override;
  Result<std::optional<Application>> find_application(TeamId team, ApplicationId application) override;
  Result<std::vector<Application>> list_applications(TeamId team) override;
  Result<bool> update_application(const Application& application) override;
  Result<bool> delete_application(TeamId team, ApplicationId application) override;
  Result<void> insert_group(const Group& group) override;
  Result<std::optional<Group>> find_group(TeamId team, GroupId group) override;
  Result<std::vector<Group>> list_groups(TeamId team) override;
  Result<bool> rename_group(const Group& group) override;
  Result<bool> delete_group(TeamId team, GroupId group) override;
  Result<std::vector<UserId>> list_members(GroupId group) override;
  Result<void> add_member(TeamId team, GroupId group, UserId user) override;
  Result<bool> remove_member(TeamId team, GroupId group, UserId user) override;
  Result<void> insert_grant(const Grant& grant) override;
  Result<bool> delete_grant(const Grant& grant) override;
  Result<std::vector<Grant>> list_grants(TeamId team, std::optional<PoolId> pool) override;

  Result<void> insert_client(const OauthClient& client, const std::optional<Application>& made) override;
  Result<std::optional<OauthClient>> find_client(ClientId client) override;
  Result<std::vector<OauthClient>> list_clients(TeamId team) override;
  Result<bool> update_client(const OauthClient& client) override;
  Result<bool> delete_client(TeamId team, ClientId client) override;
  Result<std::uint64_t> revoke_client(TeamId team, ClientId client) override;
  Result<void> insert_consent(const OauthConsent& consent, const OauthToken& code) override;
  Result<std::vector<OauthConsent>> list_consents(TeamId team, UserId user) override;
  Result<bool> delete_consent(TeamId team, UserId user, ConsentId consent) override;
  Result<void> insert_token(const OauthToken& token) override;
  Result<std::optional<OauthToken>> find_token(const Sha256Digest& digest) override;
  Result<bool> exchange_token(const OauthToken& spent, const std::vector<OauthToken>& given) override;
  Result<void> delete_token(const OauthToken& token) override;
  Result<std::uint64_t> forget_tokens(Timestamp before, std::uint64_t limit) override;
  Result<void> insert_login(const Login& login) override;
  Result<std::optional<Login>> find_login(const Sha256Digest& digest) override;
  Result<void> delete_login(const Sha256Digest& digest) override;

  Result<void> insert_pool(const Pool& pool, const std::vector<Grant>& grants) override;
  Result<std::optional<Pool>> find_pool(TeamId team, PoolId pool) override;
  Result<std::vector<Pool>> list_pools(TeamId team) override;
  Result<PoolPage> list_pools(TeamId team, std::uint64_t limit, std::uint64_t offset) override;
  Result<bool> update_pool(const Pool& pool) override;
  Result<std::vector<JobId>> delete_pool(TeamId team, PoolId pool, Timestamp at) override;
  Result<std::vector<PoolId>> list_deleted_pools() override;
  Result<bool> erase_pool(PoolId pool, std::uint64_t jobs_max) override;

  Result<bool> set_disk_quota(TeamId team, PoolId pool, const DiskQuota& quota) override;
  Result<std::optional<DiskUse>> find_disk_use(PoolId pool) override;
  Result<std::vector<DiskUse>> list_disk_use(TeamId team) override;
  Result<std::vector<DiskUse>> list_changed_pools(std::uint64_t limit) override;
  Result<void> record_table_bytes(PoolId pool, std::uint64_t bytes, std::int64_t table_changes) override;
  Result<std::uint64_t> count_full_pools(std::uint64_t default_bytes_max) override;

  Result<void> insert_data_source(const DataSource& source) override;
  Result<std::optional<DataSource>> find_data_source(PoolId pool, DataSourceId source) override;
  Result<std::vector<DataSource>> list_data_sources(PoolId pool) override;
  Result<std::int64_t> check_data_source_idle(PoolId pool, DataSourceId source) override;
  Result<bool> delete_data_source(PoolId pool, DataSourceId source, std::int64_t last_order) override;

  Result<std::optional<RememberedAnswer>> claim_request(const RequestClaim& claim,
                                                        const RequestTimes& times) override;
  Result<void> release_request(const RequestClaim& claim) override;
  Result<void> release_all_requests() override;
  Result<std::uint64_t> forget_requests(Timestamp before) override;

  Result<void> insert_job(const Job& job, const RequestCompletion* completion) override;
  Result<Job> queue_table_change(const Job& job) override;
  Result<std::optional<Job>> find_job(PoolId pool, JobId job, bool with_deleted) override;
  Result<JobPage> list_jobs(PoolId pool, const JobFilter& filter) override;
  Result<Execution> execute_job(JobId job, Timestamp at, const RequestCompletion* completion,
                                const std::optional<std::string>& duplicate_removal_column) override;
  Result<std::optional<Job>> transition(JobId job, const JobTransition& change,
                                        Durability durability) override;
  Result<Job> request_cancel(JobId job, Timestamp at) override;
  Result<std::vector<Job>> cancel_abandoned_jobs(Timestamp silent_since, Timestamp at,
                                                 const std::string& log_line, std::uint64_t limit) override;
  Result<bool> cancel_requested(JobId job) override;
  Result<bool> delete_job(JobId job, Timestamp at) override;
  Result<std::optional<Job>> claim_next_job(const std::string& owner, Timestamp at,
                                            const std::set<PoolId>& except) override;
  std::int64_t executed_before_opening() const override { return executed_before_opening_; }
  Result<std::vector<Job>> list_abandoned_jobs(const std::string& owner) override;
  Result<std::vector<Job>> list_new_jobs_with_chunks() override;
  Result<std::vector<JobPlace>> list_landed_jobs(PoolId pool, std::int64_t after,
                                                 std::uint64_t limit) override;
  Result<std::vector<Job>> list_expired_jobs(Timestamp before, std::uint64_t limit,
                                             const ExpiryExceptions& exceptions) override;
  Result<void> forget_chunk_files(JobId job) override;
  Result<std::uint64_t> count_jobs(JobStatus status, std::optional<PoolId> pool) override;

  Result<HistoryPage> list_history(PoolId pool, const HistoryFilter& filter,
                                   const std::optional<HistoryCursor>& after, std::uint64_t limit) override;
  Result<std::uint64_t> forget_history(Timestamp before, std::uint64_t jobs_max) override;

  Result<std::vector<Chunk>> insert_chunks(JobId job, std::vector<Chunk> chunks,
                                           const RequestCompletion* completion,
                                           std::uint64_t default_quota_bytes) override;
  Result<std::vector<Chunk>> list_chunks(JobId job) override;
  Result<Chunk> remove_chunk(JobId job, ChunkId chunk, Timestamp at) override;
  Result<void> update_chunk(const Chunk& chunk, Timestamp at) override;

  Result<EventPage> list_events(const EventScope& scope, std::int64_t after, std::uint64_t limit) override;
  Result<std::vector<Event>> list_all_events(std::int64_t after, std::uint64_t limit) override;
  Result<EventBounds> event_bounds() override;
  Result<std::uint64_t> forget_events(Timestamp before, std::int64_t kept_max, std::uint64_t limit) override;
  std::shared_ptr<Bell> bell() const override { return bell_; }

  Result<void> insert_audit(std::span<const AuditEntry> entries, Durability durability) override;
  Result<std::vector<AuditEntry>> list_audit(TeamId team, const AuditFilter& filter, std::int64_t before,
                                             std::size_t limit) override;
  Result<std::uint64_t> forget_audit(Timestamp before, std::uint64_t limit) override;

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
  const std::int64_t executed_before_opening_;
  PoolMemory pools_;
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
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
/// Within the transaction that changes who may do what.
void raise_access_version(SqliteSession& session);
/// Whether the limits of a pool's team admit an execute; it is counted then.
ExecuteAdmission count_execute(SqliteSession& session, PoolId pool, Timestamp at);
/// Within the transaction that adds chunks of `bytes` to a pool: kStorageFull where they do not fit in its
/// quota.
Result<void> check_disk_quota(SqliteSession& session, PoolId pool, std::uint64_t bytes,
                              std::uint64_t default_quota_bytes);
/// Enters a grant that is not there yet; nothing of it is checked.
void insert_grant_row(SqliteSession& session, const Grant& grant);
/// Enters an application; kConflict: its id is taken, or the team has too many.
Result<void> insert_application_row(SqliteSession& session, const Application& application);
/// Enters a key; kConflict: its id is taken, or the team has too many.
Result<void> insert_key_row(SqliteSession& session, const Key& key);
/// Removes what a user allowed clients; the clients of an application with all of theirs.
void forget_oauth_of_user(SqliteSession& session, UserId user);
void forget_oauth_of_application(SqliteSession& session, ApplicationId application);
/// Ends a user's sessions in the browser.
void forget_logins(SqliteSession& session, UserId user);
/// Removes what a subject leaves: its keys, its grants and what it has to do with OAuth.
void forget_subject(SqliteSession& session, const Subject& subject);
/// kConflict when so many rows of a team stand in the table that the count_sql counts.
Result<void> check_room(SqliteSession& session, std::string_view count_sql, TeamId team, std::int64_t max,
                        std::string_view what);
/// Reads the rows of a SELECT of number and chunk_count of jobs, as far as one transaction should remove
/// them.
std::vector<std::int64_t> fetch_jobs_to_remove(Query& query);
/// Removes jobs with their chunks and events.
void remove_jobs(SqliteSession& session, const std::vector<std::int64_t>& numbers);
/// Lets the jobs of a pool have their turn that may have it now that `stored` has changed.
void pass_turn(SqliteSession& session, const StoredJob& stored);
/// The line of a table in its pool, which is the column target_folded of the jobs into it.
std::string line_of(const TableName& table);
/// Before a job is written: kConflict when its data connection has been deleted meanwhile.
Result<void> check_connection(SqliteSession& session, const Job& job);
/// The column other_lines of a new job.
std::optional<std::string> other_lines(const JobSpec& spec);
// Within the transaction that makes it true: the event that says so.
void record_status(SqliteSession& session, std::int64_t job_number, Timestamp at, JobStatus status);
void record_chunk(SqliteSession& session, std::int64_t job_number, Timestamp at, const Chunk& chunk);
void record_chunk_removed(SqliteSession& session, std::int64_t job_number, Timestamp at, const Chunk& chunk);
void record_deleted(SqliteSession& session, std::int64_t job_number, Timestamp at);
/// The columns that say who made a job.
std::optional<std::string> user_text(const std::optional<JobCreator>& creator);
std::optional<std::string> key_text(const std::optional<JobCreator>& creator);
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
    ADIT_CHECK(writes_.run(durability, name, body));
    bell_->ring();
    return {};
  } else {
    std::optional<typename Answer::value_type> value;
    ADIT_CHECK(writes_.run(durability, name, [&](SqliteSession& session) -> Result<void> {
      auto answer = body(session);
      if (!answer) return std::move(answer).error();
      value = *std::move(answer);
      return {};
    }));
    bell_->ring();
    return *std::move(value);
  }
}

}  // namespace adit
