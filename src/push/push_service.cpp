#include "push/push_service.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "formats/names.h"
#include "push/job_rules.h"
#include "push/target_schema.h"

namespace adit {
namespace {

/// Files that execute opens at most to find a column.
constexpr std::size_t kColumnLooksMax = 16;

Error no_such_job(JobId job) {
  return not_found("There is no push job " + job.to_string() + " in this data pool.");
}

}  // namespace

PushService::PushService(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, StageQueue& stages,
                         LandQueue& landings, const Clock& clock, Metrics& metrics, PushLimits limits)
    : catalog_(catalog),
      store_(store),
      warehouse_(warehouse),
      stages_(stages),
      landings_(landings),
      clock_(clock),
      metrics_(metrics),
      limits_(limits) {}

Result<Job> PushService::create(PoolId pool, JobSpec spec, const CompletionOf& completion,
                                const std::optional<JobCreator>& creator) {
  ADIT_CHECK(check_job_spec(spec));
  ADIT_CHECK(settle_target_schema(catalog_, pool, spec));
  if (spec.post_execution_query) {
    const auto good = warehouse_.check_post_execution_query(spec);
    if (!good) return invalid_field("postExecutionQuery", good.error().public_message);
  }
  Job job;
  job.id = JobId::random();
  job.pool = pool;
  job.spec = std::move(spec);
  job.creator = creator;
  job.created = clock_.now();
  job.modified = job.created;
  if (completion) {
    const auto written = completion(job);
    ADIT_CHECK(catalog_.insert_job(job, &written));
  } else {
    ADIT_CHECK(catalog_.insert_job(job));
  }
  return job;
}

Result<Job> PushService::get(PoolId pool, JobId job) {
  ADIT_TRY(auto found, catalog_.find_job(pool, job));
  if (!found) return no_such_job(job);
  return *std::move(found);
}

Result<JobPage> PushService::list(PoolId pool, const JobFilter& filter) {
  return catalog_.list_jobs(pool, filter);
}

Result<std::vector<Chunk>> PushService::chunks(PoolId pool, JobId job) {
  ADIT_CHECK(get(pool, job));
  return catalog_.list_chunks(job);
}

Result<std::unique_ptr<Upload>> PushService::begin_upload(PoolId pool, JobId id, ChunkOperation operation) {
  ADIT_TRY(auto job, get(pool, id));
  if (job.status != JobStatus::kNew) {
    return conflict("Chunks are taken while the push job is NEW; it is " +
                    std::string(to_string(job.status)) + ". Create a new job for further data.");
  }
  if (operation == ChunkOperation::kDelete && job.spec.key_columns().empty()) {
    return invalid_field(
        "keys",
        "A delete chunk needs a job with key columns: name them in \"keys\" when the job is created.");
  }
  if (operation == ChunkOperation::kDelete && job.spec.allow_duplicate) {
    return invalid_field("allowDuplicate",
                         "A job that allows duplicates only appends: its keys find no rows to delete. Create "
                         "a job without allowDuplicate.");
  }
  if (stages_.waiting(pool) >= limits_.stages_waiting_max) {
    return Error{ErrorKind::kUnavailable,
                 "The server has taken more chunks than it could read so far. Send this again in a moment."};
  }
  ADIT_TRY(const auto free, store_.free_bytes());
  if (free < limits_.upload.free_bytes_min) {
    return Error{
        ErrorKind::kStorageFull,
        "The server's disk is almost full and takes no chunks. Free space there and send this again."};
  }
  const Upload::Parts parts{catalog_, store_, warehouse_, stages_, clock_, metrics_, limits_.upload};
  return std::make_unique<Upload>(parts, std::move(job), operation);
}

Result<void> PushService::check_queue(PoolId pool) const {
  ADIT_TRY(const auto queued, catalog_.count_jobs(JobStatus::kQueued, pool));
  if (queued < limits_.jobs_queued_max) return {};
  return Error{
      ErrorKind::kUnavailable,
      "As many jobs of the pool are queued as this server lets wait. The job is as it was; execute it in a "
      "moment."};
}

Result<ExecuteAdmission> PushService::execute(PoolId pool, JobId id, const RequestCompletion* completion,
                                              const std::optional<std::string>& duplicate_removal_column) {
  ADIT_TRY(const auto job, get(pool, id));
  if (job.status == JobStatus::kNew) ADIT_CHECK(check_queue(pool));
  if (duplicate_removal_column && job.status == JobStatus::kNew) {
    ADIT_CHECK(check_duplicate_removal(job, *duplicate_removal_column));
  }
  ADIT_TRY(const auto execution,
           catalog_.execute_job(id, clock_.now(), completion, duplicate_removal_column));
  if (execution.admission.admitted) {
    landings_.wake();
  } else {
    metrics_.executes_refused.Increment();
  }
  return execution.admission;
}

Result<void> PushService::remove_chunk(PoolId pool, JobId id, ChunkId chunk) {
  ADIT_TRY(const auto job, get(pool, id));
  ADIT_TRY(const auto removed, catalog_.remove_chunk(id, chunk, clock_.now()));
  // A stage that began before this knows the chunk still. Whatever it leaves, a landing takes the rows of
  // exactly the chunks that the catalog has.
  if (removed.state != ChunkState::kStored) drop_staged(job);
  if (const auto gone = store_.remove(pool, id, chunk); !gone) {
    log::warning("the file of a removed chunk stays until its job's files go",
                 {{"job", id}, {"chunk", chunk}, {"detail", gone.error().internal_detail}});
  }
  stages_.chunks_added(job, job.bytes);
  return {};
}

Result<void> PushService::check_duplicate_removal(const Job& job, const std::string& column) {
  ADIT_CHECK(check_duplicate_removal_column(job.spec, column));
  const auto folded = fold_name(column);
  ADIT_TRY(const auto chunks, catalog_.list_chunks(job.id));
  std::size_t looks = 0;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const auto& chunk = chunks[i];
    if (chunk.operation == ChunkOperation::kDelete) continue;
    // Where many chunks lack it the landing will find out; nobody waits for an answer then.
    if (++looks > kColumnLooksMax) return {};
    ADIT_TRY(const auto file, chunk_file(store_, job, chunk, i, {}));
    ADIT_TRY(const auto columns, warehouse_.inspect(stage_plan(job), chunk.operation, file.path));
    if (std::ranges::any_of(columns, [&](const auto& has) { return fold_name(has.name) == folded; }))
      return {};
  }
  if (looks == 0) return {};
  return invalid_field("duplicateRemovalColumn",
                       "no chunk of the job has a column \"" + shorten(column, kNameBytesMax) + "\"");
}

Result<Job> PushService::cancel(PoolId pool, JobId id) {
  ADIT_TRY(const auto job, get(pool, id));
  // Whoever asked for it may have been sent away before its end.
  if (job.status == JobStatus::kCanceled && job.chunk_files_kept) drop_chunks(job);
  ADIT_TRY(auto ended, cancel_found(job));
  if (ended.status == JobStatus::kCanceled) drop_chunks(ended);
  return ended;
}

Result<Job> PushService::cancel_found(const Job& job) {
  ADIT_TRY(auto asked, catalog_.request_cancel(job.id, clock_.now()));
  if (!is_final(asked.status)) {
    landings_.stop_canceled(asked);
    return landings_.wait_final(job.pool, job.id, limits_.cancel_wait_max);
  }
  drop_staged(job);
  metrics_.jobs_finished.Add({{"status", std::string(to_string(asked.status))}}).Increment();
  landings_.wake();  // a job of the same table may have waited behind it
  return asked;
}

Result<void> PushService::remove(PoolId pool, JobId id) {
  ADIT_TRY(auto job, get(pool, id));
  if (!is_final(job.status)) {
    auto canceled = cancel_found(job);
    if (!canceled && canceled.error().kind == ErrorKind::kConflict) canceled = get(pool, id);
    if (!canceled) return std::move(canceled).error();
    job = *std::move(canceled);
  }
  ADIT_TRY(const bool hidden, catalog_.delete_job(id, clock_.now()));
  if (!hidden) return no_such_job(id);
  if (job.status != JobStatus::kDone) drop_chunks(job);
  return {};
}

void PushService::drop_chunks(const Job& job) {
  drop_staged(job);
  auto dropped = store_.remove_job(job.pool, job.id);
  if (dropped) dropped = catalog_.forget_chunk_files(job.id);
  if (!dropped) {
    log::warning("chunk files of a job that never lands stay until they expire",
                 {{"job", job.id}, {"detail", dropped.error().internal_detail}});
  }
}

double PushService::progress(const Job& job) const {
  if (job.status == JobStatus::kDone) return 1;
  return std::clamp(warehouse_.progress(job.id).value_or(0), 0.0, 1.0);
}

void PushService::drop_staged(const Job& job) {
  stages_.forget(job.id);
  if (const auto discarded = warehouse_.discard(job.pool, job.id); !discarded) {
    log::warning("staged rows of an ended job stay",
                 {{"job", job.id}, {"detail", discarded.error().internal_detail}});
  }
}

}  // namespace adit
