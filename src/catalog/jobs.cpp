// Single jobs in the SQLite catalog: create, find, change, delete.
#include <algorithm>
#include <utility>

#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

/// The times and marks that a new status brings with it.
void set_status(Job& job, JobStatus status, Timestamp at) {
  job.status = status;
  job.modified = at;
  switch (status) {
    case JobStatus::kNew:
      job.executed.reset();
      job.execute_order = 0;
      [[fallthrough]];
    case JobStatus::kQueued:
      job.started.reset();
      job.finished.reset();
      break;
    case JobStatus::kRunning:
      job.started = at;
      job.finished.reset();
      break;
    case JobStatus::kDone:
    case JobStatus::kError:
    case JobStatus::kCanceled:
      job.finished = at;
      break;
  }
}

std::int64_t last_number(SqliteSession& session) {
  long long number = 0;
  session.query("SELECT last_insert_rowid()").into(number).next();
  return number;
}

}  // namespace

std::optional<std::string> user_text(const std::optional<JobCreator>& creator) {
  return creator ? std::optional(creator->user.to_string()) : std::nullopt;
}

std::optional<std::string> key_text(const std::optional<JobCreator>& creator) {
  return creator ? std::optional(creator->key.to_string()) : std::nullopt;
}

Error no_such_job() { return not_found("There is no such push job."); }

Error wrong_status(const Job& job, std::string_view what) {
  return conflict("The push job is " + std::string(to_string(job.status)) + " and can't " +
                  std::string(what) + ".");
}

std::optional<StoredJob> find_stored_job(SqliteSession& session, JobId job) {
  static const std::string kSql = "SELECT " + JobRow::kColumns + " FROM jobs WHERE id = :id";
  JobRow row;
  auto query = session.query(kSql);
  if (!row.bind(query.with(job.to_string())).next()) return std::nullopt;
  return StoredJob{row.number(), row.target_folded(), row.decode()};
}

void store_job_state(SqliteSession& session, const StoredJob& stored,
                     const std::optional<std::string>& claimed_by) {
  const auto& job = stored.job;
  session
      .query(
          "UPDATE jobs SET status = :status, logs = :logs, execute_order = :execute_order, "
          "rows_landed = :rows_landed, claims = :claims, cancel_requested = :cancel_requested, deleted = "
          ":deleted, "
          "modified = :modified, executed = :executed, started = :started, finished = :finished, "
          "claimed_by = :claimed_by, in_turn = 0 WHERE number = :number")
      .with(to_string(job.status))
      .with(strings_to_json(job.logs))
      .with(job.execute_order)
      .with(static_cast<std::int64_t>(job.rows_landed))
      .with(job.claims)
      .with(job.cancel_requested)
      .with(job.deleted)
      .with(to_epoch_ms(job.modified))
      .with(encode(job.executed))
      .with(encode(job.started))
      .with(encode(job.finished))
      .with(claimed_by)
      .with(stored.number)
      .run();
  record_status(session, stored.number, job.modified, job.status);
  pass_turn(session, stored);
}

Result<void> SqliteCatalog::insert_job(const Job& job, const RequestCompletion* completion) {
  const auto& spec = job.spec;
  const auto target_folded = line_of(spec.target());
  std::optional<std::string> table_schema;
  if (spec.table_schema) table_schema = table_schema_to_json(*spec.table_schema);
  return write(Durability::kFull, "catalog.insert_job", [&](SqliteSession& session) -> Result<void> {
    ADIT_CHECK(check_connection(session, job));
    session
        .query(
            "INSERT INTO jobs (id, pool_id, target_name, target_folded, type, file_type, keys, table_schema, "
            "csv_separator, csv_quote, csv_escape, upsert_strategy, change_date, fallback_varchar_length, "
            "foreign_keys, status, logs, created, modified, execute_order, rows_landed, claims, "
            "cancel_requested, deleted, in_turn, chunk_count, chunk_bytes, rows_staged, chunks_kept, "
            "allow_duplicate, mirror_target_names, post_execution_query, other_lines, creator_user_id, "
            "creator_key_id, connection_id, schema_name, target_schema) "
            "VALUES (:id, :pool, :target, :folded, :type, :file_type, :keys, :table_schema, :separator, "
            ":quote, "
            ":escape, :strategy, :change_date, :varchar, :foreign_keys, 'NEW', :logs, :created, :modified, "
            "0, 0, 0, 0, 0, 0, 0, 0, 0, 1, :allow_duplicate, :mirrors, :post_query, :lines, :user, :key, "
            ":connection, :schema, :target_schema)")
        .with(job.id.to_string())
        .with(job.pool.to_string())
        .with(spec.target_name)
        .with(target_folded)
        .with(to_string(spec.type))
        .with(to_string(spec.file_type))
        .with(strings_to_json(spec.keys))
        .with(table_schema)
        .with(spec.csv.separator)
        .with(spec.csv.quote)
        .with(spec.csv.escape)
        .with(to_string(spec.upsert_strategy))
        .with(encode(spec.change_date))
        .with(spec.fallback_varchar_length)
        .with(spec.foreign_keys)
        .with(strings_to_json(job.logs))
        .with(to_epoch_ms(job.created))
        .with(to_epoch_ms(job.modified))
        .with(spec.allow_duplicate)
        .with(strings_to_json(spec.mirror_target_names))
        .with(spec.post_execution_query)
        .with(other_lines(spec))
        .with(user_text(job.creator))
        .with(key_text(job.creator))
        .with(encode(spec.connection))
        .with(encode_schema(spec))
        .with(spec.target_schema)
        .run();
    record_status(session, last_number(session), job.created, JobStatus::kNew);
    return complete_request(session, completion);
  });
}

Result<std::optional<Job>> SqliteCatalog::find_job(PoolId pool, JobId job, bool with_deleted) {
  return read([&](SqliteSession& session) -> std::optional<Job> {
    auto stored = find_stored_job(session, job);
    if (!stored || stored->job.pool != pool || (stored->job.deleted && !with_deleted)) return std::nullopt;
    return std::move(stored->job);
  });
}

Result<std::optional<Job>> SqliteCatalog::transition(JobId job, const JobTransition& change,
                                                     Durability durability) {
  return write(durability, "catalog.transition", [&](SqliteSession& session) -> Result<std::optional<Job>> {
    auto stored = find_stored_job(session, job);
    if (!stored || std::ranges::find(change.from, stored->job.status) == change.from.end()) {
      return std::optional<Job>();
    }
    set_status(stored->job, change.to, change.at);
    stored->job.logs.insert(stored->job.logs.end(), change.logs_added.begin(), change.logs_added.end());
    if (change.rows_landed) stored->job.rows_landed = *change.rows_landed;
    store_job_state(session, *stored, std::nullopt);
    return std::optional(std::move(stored->job));
  });
}

Result<Job> SqliteCatalog::request_cancel(JobId job, Timestamp at) {
  return write(Durability::kFull, "catalog.cancel", [&](SqliteSession& session) -> Result<Job> {
    auto stored = find_stored_job(session, job);
    if (!stored) return no_such_job();
    if (is_final(stored->job.status)) return wrong_status(stored->job, "be canceled any more");
    // One that waits again may have landed before its process ended: its mark decides, not this.
    const bool waits_again =
        stored->job.status == JobStatus::kQueued &&
        (stored->job.claims > 0 || stored->job.execute_order <= executed_before_opening_);
    if (stored->job.status == JobStatus::kRunning || waits_again) {
      stored->job.cancel_requested = true;
      session.query("UPDATE jobs SET cancel_requested = 1, modified = :at WHERE number = :number")
          .with(to_epoch_ms(at))
          .with(stored->number)
          .run();
      stored->job.modified = at;
    } else {
      set_status(stored->job, JobStatus::kCanceled, at);
      stored->job.logs.emplace_back("Canceled by request.");
      store_job_state(session, *stored, std::nullopt);
    }
    return std::move(stored->job);
  });
}

Result<std::vector<Job>> SqliteCatalog::cancel_abandoned_jobs(Timestamp silent_since, Timestamp at,
                                                              const std::string& log_line,
                                                              std::uint64_t limit) {
  // The chunk that came last has the greatest position.
  static const std::string kSql = "SELECT " + JobRow::kColumns +
                                  " FROM jobs WHERE status = 'NEW' AND created < :since AND coalesce((SELECT "
                                  "c.created FROM chunks c WHERE c.job_number = jobs.number ORDER BY "
                                  "c.position DESC LIMIT 1), 0) < :since2 ORDER BY created LIMIT :limit";
  return write(Durability::kFull, "catalog.cancel_abandoned_jobs",
               [&](SqliteSession& session) -> Result<std::vector<Job>> {
                 std::vector<StoredJob> abandoned;
                 {
                   JobRow row;
                   auto query = session.query(kSql);
                   const auto since = to_epoch_ms(silent_since);
                   row.bind(query.with(since).with(since).with(static_cast<std::int64_t>(limit)));
                   while (query.next())
                     abandoned.push_back({row.number(), row.target_folded(), row.decode()});
                 }
                 std::vector<Job> jobs;
                 for (auto& stored : abandoned) {
                   set_status(stored.job, JobStatus::kCanceled, at);
                   stored.job.logs.push_back(log_line);
                   store_job_state(session, stored, std::nullopt);
                   jobs.push_back(std::move(stored.job));
                 }
                 return jobs;
               });
}

Result<bool> SqliteCatalog::cancel_requested(JobId job) {
  return read([&](SqliteSession& session) {
    int requested = 0;
    session.query("SELECT cancel_requested FROM jobs WHERE id = :id")
        .with(job.to_string())
        .into(requested)
        .next();
    return requested != 0;
  });
}

Result<bool> SqliteCatalog::delete_job(JobId job, Timestamp at) {
  return write(Durability::kFull, "catalog.delete_job", [&](SqliteSession& session) -> Result<bool> {
    const auto stored = find_stored_job(session, job);
    if (!stored || stored->job.deleted) return false;
    record_deleted(session, stored->number, at);
    return session
               .query(
                   "UPDATE jobs SET deleted = 1, deleted_at = :at, modified = :at2 "
                   "WHERE id = :id AND deleted = 0")
               .with(to_epoch_ms(at))
               .with(to_epoch_ms(at))
               .with(job.to_string())
               .run() > 0;
  });
}

Result<void> SqliteCatalog::forget_chunk_files(JobId job) {
  return write(Durability::kRelaxed, "catalog.forget_chunk_files",
               [&](SqliteSession& session) -> Result<void> {
                 session
                     .query(
                         "UPDATE jobs SET chunks_kept = 0, predicate = NULL, post_execution_query = NULL "
                         "WHERE id = :id")
                     .with(job.to_string())
                     .run();
                 return {};
               });
}

}  // namespace adit
