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

bool anything_in_turn(SqliteSession& session) {
  int found = 0;
  session.query("SELECT EXISTS (SELECT 1 FROM jobs WHERE in_turn = 1)").into(found).next();
  return found != 0;
}

}  // namespace

Result<Job> SqliteCatalog::execute_job(JobId job, Timestamp at, const RequestCompletion* completion) {
  return write(Durability::kFull, "catalog.execute", [&](SqliteSession& session) -> Result<Job> {
    auto stored = find_stored_job(session, job);
    if (!stored || stored->job.deleted) return no_such_job();
    if (stored->job.status != JobStatus::kNew) return wrong_status(stored->job, "be executed again");
    if (stored->job.chunks == 0)
      return invalid("The push job has no chunk: upload at least one, then execute it.");
    stored->job.status = JobStatus::kQueued;
    stored->job.execute_order = next_execute_order(session);
    stored->job.executed = at;
    stored->job.modified = at;
    store_job_state(session, *stored, std::nullopt);
    ADIT_CHECK(complete_request(session, completion));
    return std::move(stored->job);
  });
}

Result<std::optional<Job>> SqliteCatalog::claim_next_job(const std::string& owner, Timestamp at) {
  // Workers look often; where there is nothing to do, they must not take the lock of writers.
  ADIT_TRY(const bool work, read(anything_in_turn));
  if (!work) return std::optional<Job>();
  static const std::string kSql =
      "SELECT " + JobRow::kColumns + " FROM jobs WHERE in_turn = 1 ORDER BY execute_order LIMIT 1";
  // Relaxed: a claim lost in a power cut leaves the job QUEUED, which is as good as abandoned.
  return write(Durability::kRelaxed, "", [&](SqliteSession& session) -> Result<std::optional<Job>> {
    StoredJob stored;
    {
      JobRow row;
      auto query = session.query(kSql);
      if (!row.bind(query).next()) return std::optional<Job>();
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

}  // namespace adit
