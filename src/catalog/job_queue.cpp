// The line of executed jobs: who may run next.
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

std::int64_t next_execute_order(SqliteSession& session) {
  session.query("UPDATE counters SET value = value + 1 WHERE name = 'execute_order'").run();
  long long order = 0;
  session.query("SELECT value FROM counters WHERE name = 'execute_order'").into(order).next();
  return order;
}

/// Behind `WHERE`: the first of its table's line, in no pool of `:except`.
const std::string kMayRun = "in_turn = 1 AND pool_id NOT IN (SELECT value FROM json_each(:except))";

bool anything_may_run(SqliteSession& session, const std::string& except) {
  int found = 0;
  session.query("SELECT EXISTS (SELECT 1 FROM jobs WHERE " + kMayRun + ")").with(except).into(found).next();
  return found != 0;
}

}  // namespace

Result<Execution> SqliteCatalog::execute_job(JobId job, Timestamp at, const RequestCompletion* completion,
                                             const std::optional<std::string>& duplicate_removal_column) {
  return write(Durability::kFull, "catalog.execute", [&](SqliteSession& session) -> Result<Execution> {
    auto stored = find_stored_job(session, job);
    if (!stored || stored->job.deleted) return no_such_job();
    if (stored->job.status != JobStatus::kNew) return wrong_status(stored->job, "be executed again");
    if (stored->job.chunks == 0)
      return invalid("The push job has no chunk: upload at least one, then execute it.");
    // A refusal is no error: that would have the transaction of all who write together tried one by one.
    const auto admission = count_execute(session, stored->job.pool, at);
    if (!admission.admitted) return Execution{std::move(stored->job), admission};
    stored->job.status = JobStatus::kQueued;
    stored->job.execute_order = next_execute_order(session);
    stored->job.executed = at;
    stored->job.modified = at;
    if (duplicate_removal_column) {
      stored->job.spec.duplicate_removal_column = duplicate_removal_column;
      session.query("UPDATE jobs SET duplicate_removal_column = :column WHERE number = :number")
          .with(*duplicate_removal_column)
          .with(stored->number)
          .run();
    }
    store_job_state(session, *stored, std::nullopt);
    ADIT_CHECK(complete_request(session, completion));
    return Execution{std::move(stored->job), admission};
  });
}

Result<std::optional<Job>> SqliteCatalog::claim_next_job(const std::string& owner, Timestamp at,
                                                         const std::set<PoolId>& except) {
  const auto pools = ids_to_json(except);
  // Workers look often; where there is nothing to do, they must not take the lock of writers.
  ADIT_TRY(const bool work, read([&](SqliteSession& session) { return anything_may_run(session, pools); }));
  if (!work) return std::optional<Job>();
  static const std::string kSql =
      "SELECT " + JobRow::kColumns + " FROM jobs WHERE " + kMayRun + " ORDER BY execute_order LIMIT 1";
  // Relaxed: a claim lost in a power cut leaves the job QUEUED, which is as good as abandoned. That it may
  // have landed all the same executed_before_opening() tells.
  return write(Durability::kRelaxed, "catalog.claim_next_job",
               [&](SqliteSession& session) -> Result<std::optional<Job>> {
                 StoredJob stored;
                 {
                   JobRow row;
                   auto query = session.query(kSql);
                   if (!row.bind(query.with(pools)).next()) return std::optional<Job>();
                   stored = {row.number(), row.target_folded(), row.decode()};
                 }
                 stored.job.status = JobStatus::kRunning;
                 stored.job.started = at;
                 stored.job.modified = at;
                 ++stored.job.claims;
                 store_job_state(session, stored, owner);
                 return std::optional(std::move(stored.job));
               });
}

Result<std::vector<Job>> SqliteCatalog::list_abandoned_jobs(const std::string& owner) {
  static const std::string kSql = "SELECT " + JobRow::kColumns +
                                  " FROM jobs WHERE status = 'RUNNING' AND (claimed_by IS NULL OR "
                                  "claimed_by <> :owner) ORDER BY execute_order";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return fetch_jobs(query.with(owner));
  });
}

Result<Job> SqliteCatalog::queue_table_change(const Job& job) {
  return write(Durability::kFull, "catalog.queue_table_change", [&](SqliteSession& session) -> Result<Job> {
    int pool_is_there = 0;
    session.query("SELECT EXISTS (SELECT 1 FROM pools WHERE id = :pool AND deleting = 0)")
        .with(job.pool.to_string())
        .into(pool_is_there)
        .next();
    if (pool_is_there == 0) return not_found("The data pool has been deleted.");
    ADIT_CHECK(check_connection(session, job));
    const auto& spec = job.spec;
    session
        .query(
            "INSERT INTO jobs (id, pool_id, target_name, target_folded, type, file_type, keys, "
            "upsert_strategy, status, logs, created, modified, execute_order, rows_landed, claims, "
            "cancel_requested, deleted, in_turn, chunk_count, chunk_bytes, rows_staged, chunks_kept, "
            "table_change, predicate, creator_user_id, creator_key_id, connection_id, schema_name) "
            "VALUES (:id, :pool, :target, :folded, :type, :file_type, '[]', :strategy, 'NEW', '[]', "
            ":created, "
            ":modified, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, :change, :predicate, :user, :key, :connection, "
            ":schema)")
        .with(job.id.to_string())
        .with(job.pool.to_string())
        .with(spec.target_name)
        .with(line_of(spec.target()))
        .with(to_string(spec.type))
        .with(to_string(spec.file_type))
        .with(to_string(spec.upsert_strategy))
        .with(to_epoch_ms(job.created))
        .with(to_epoch_ms(job.modified))
        .with(to_string(spec.change->kind))
        .with(spec.change->predicate)
        .with(user_text(job.creator))
        .with(key_text(job.creator))
        .with(encode(spec.connection))
        .with(encode_schema(spec))
        .run();
    auto stored = find_stored_job(session, job.id);
    stored->job.status = JobStatus::kQueued;
    stored->job.execute_order = next_execute_order(session);
    stored->job.executed = job.created;
    store_job_state(session, *stored, std::nullopt);
    return std::move(stored->job);
  });
}

}  // namespace adit
