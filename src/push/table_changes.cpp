#include "push/table_changes.h"

#include <utility>

#include "base/log.h"

namespace adit {

Result<Job> TableChanges::apply(PoolId pool, const std::optional<DataSource>& source,
                                const std::string& table, TableChange change,
                                const std::optional<JobCreator>& creator) {
  Job job;
  if (source) {
    job.spec.connection = source->id;
    job.spec.schema = source->name;
  }
  job.id = JobId::random();
  job.pool = pool;
  job.spec.target_name = table;
  ADIT_CHECK(warehouse_.check_change(pool, job.spec.target(), change));
  job.spec.change = std::move(change);
  job.creator = creator;
  job.created = job.modified = clock_.now();
  ADIT_TRY(const auto queued, catalog_.queue_table_change(job));
  log::info("table change queued",
            {{"job", queued.id}, {"pool", pool}, {"change", to_string(queued.spec.change->kind)}});
  landings_.wake();
  auto ended = landings_.wait_final(pool, queued.id, wait_max_);
  if (!ended && ended.error().kind == ErrorKind::kUnavailable) return get(pool, queued.id);
  return ended;
}

Result<Job> TableChanges::get(PoolId pool, JobId change) {
  ADIT_TRY(auto job, catalog_.find_job(pool, change, true));
  if (!job || !job->spec.change) {
    return not_found("There is no table change " + change.to_string() + " in this data pool.");
  }
  return *std::move(job);
}

Result<Job> TableChanges::cancel(PoolId pool, JobId change) {
  ADIT_CHECK(get(pool, change));
  ADIT_TRY(auto asked, catalog_.request_cancel(change, clock_.now()));
  landings_.wake();  // a job of the same table may have waited behind it
  if (is_final(asked.status)) return asked;
  landings_.stop_canceled(asked);
  return landings_.wait_final(pool, change, wait_max_);
}

}  // namespace adit
