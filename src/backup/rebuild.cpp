#include "backup/rebuild.h"

#include <algorithm>
#include <memory>
#include <span>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "backup/missing_jobs.h"
#include "backup/rebuild_source.h"
#include "base/copy_file.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "catalog/catalog_file.h"
#include "push/recovery.h"
#include "push/stage_queue.h"
#include "warehouse/pool_examination.h"
#include "warehouse/pool_files.h"
#include "warehouse/warehouse.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFreeBytesLeft = 64ULL << 20;
/// So many jobs a refusal names.
constexpr std::size_t kNamesMax = 20;

using Marks = std::unordered_map<JobId, Timestamp>;

bool empties_a_table(const LandedJob& job) {
  return job.change == TableChangeKind::kDrop || job.change == TableChangeKind::kTruncate;
}

std::string described(const LandedJob& job) {
  const auto what = job.change         ? std::string(to_string(*job.change))
                    : job.replaces     ? std::string("REPLACE")
                    : job.removes_rows ? std::string("rows that go")
                                       : std::string("rows");
  return "job " + job.job.to_string() + ", " + what + ", table \"" + job.table.name + "\"";
}

class Rebuild {
 public:
  Rebuild(const DataLayout& layout, const RebuildOptions& options, const Clock& clock)
      : layout_(layout), options_(options), clock_(clock) {}

  Result<RebuildReport> run() {
    ADIT_CHECK(find_pool());
    ADIT_CHECK(look_at_present());
    ADIT_TRY(const auto lock, hold_pool());
    auto made = make();
    if (made) made = put_in_place();
    std::error_code ignored;
    fs::remove_all(work_, ignored);
    if (!made) return std::move(made).error();
    note();
    return std::move(report_);
  }

 private:
  fs::path folder() const { return layout_.pool(pool_.pool); }
  /// Where the engine makes the new file: its pool's folder below a root of its own.
  fs::path new_folder() const { return work_ / pool_.pool.to_string(); }

  Result<void> find_pool() {
    const CatalogFile catalog(layout_.catalog());
    ADIT_TRY(const auto version, catalog.version());
    if (version != newest_catalog_version()) {
      return invalid("The catalog has the version " + std::to_string(version) + ", this adit has " +
                     std::to_string(newest_catalog_version()) +
                     ". Rebuild with the version of adit that the folder was last served with.");
    }
    ADIT_TRY(const auto pools, catalog.pools());
    std::vector<NamedPool> found;
    for (const auto& pool : pools) {
      if (pool.pool.to_string() == options_.pool || pool.name == options_.pool) found.push_back(pool);
    }
    if (found.empty()) return not_found("There is no data pool \"" + options_.pool + "\".");
    if (found.size() > 1) {
      std::string ids;
      for (const auto& pool : found) ids += "\n  " + pool.pool.to_string();
      return conflict("Several data pools are called \"" + options_.pool + "\"; say which by its id:" + ids);
    }
    pool_ = found.front();
    work_ = rebuild_folder(layout_, pool_.pool);
    report_.pool = pool_.pool;
    report_.name = pool_.name;
    ADIT_TRY(jobs_, catalog.landed_jobs());
    remembered_from_ = clock_.now();
    for (const auto& job : jobs_) remembered_from_ = std::min(remembered_from_, job.done);
    std::erase_if(jobs_, [&](const auto& job) { return job.pool != pool_.pool; });
    report_.jobs = jobs_.size();
    ADIT_TRY(known_, catalog.jobs_of(pool_.pool));
    return {};
  }

  static bool has_chunks(const LandedJob& job) { return job.chunks_kept; }
  /// In a pool without a backup there is nothing that such a change would empty.
  bool is_made_again(const LandedJob& job) const {
    return backup_ && !job.chunks_kept && empties_a_table(job);
  }

  std::vector<MissingJob> missing_of(const Marks& marks, const JobQuestion& landable) const {
    const bool forgotten =
        std::ranges::any_of(marks, [&](const auto& mark) { return !known_.contains(mark.first); });
    return missing_jobs(
        jobs_, [&](const LandedJob& job) { return marks.contains(job.job); }, landable,
        forgotten ? ForgottenJobs::kSome : ForgottenJobs::kNone);
  }

  /// How many jobs that have landed and are forgotten are not among the marks: nothing lands them again.
  std::uint64_t forgotten_without(const Marks& marks) const {
    const auto is_forgotten = [&](const auto& mark) { return !known_.contains(mark.first); };
    const auto of_present = std::ranges::count_if(
        present_, [&](const auto& mark) { return is_forgotten(mark) && !marks.contains(mark.first); });
    // What a backup of after their end lacks was lost before it was made.
    const bool told = backup_ && pool_.jobs_forgotten_until < backup_->begun;
    const auto there = std::ranges::count_if(marks, is_forgotten);
    const auto counted = told ? 0 : static_cast<std::int64_t>(pool_.jobs_forgotten) - there;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(of_present, counted));
  }

  Result<void> look_at_present() {
    ADIT_CHECK(create_folders(folder()));
    std::error_code failure;
    if (!fs::exists(folder() / kPoolFileName, failure)) {
      report_.damage.emplace_back("the pool has no file pool.db");
      return {};
    }
    ADIT_TRY(auto found, examine_pool(folder(), PoolReading::kRows));
    if (found.in_use) return in_use();
    report_.damage = std::move(found.damage);
    present_ = std::move(found.landed);
    const auto missing = missing_of(present_, has_chunks);
    const bool lost =
        std::ranges::any_of(missing, [](const auto& job) { return job.fate == JobFate::kLost; }) ||
        forgotten_without(present_) > 0;
    if (!report_.damage.empty() || lost || options_.even_if_whole) return {};
    return conflict("Nothing is wrong with the data pool \"" + pool_.name +
                    "\": its files can be read, and no job's rows are lost. Nothing was changed. --force "
                    "rebuilds it all the same.");
  }

  Error in_use() const {
    return conflict("The data pool \"" + pool_.name +
                    "\" is open in another process. Stop the server, and wait until its engines have ended.");
  }

  Result<FileLock> hold_pool() const {
    auto lock = FileLock::acquire(folder() / "lock");
    if (!lock && lock.error().kind == ErrorKind::kConflict) return in_use();
    return lock;
  }

  Result<void> make() {
    std::error_code failure;
    fs::remove_all(work_, failure);
    if (failure) return system_error(failure.value(), "remove " + work_.string());
    ADIT_TRY(backup_, choose_backup(options_.source, pool_));
    ADIT_CHECK(check_space());
    ADIT_CHECK(create_folders(new_folder()));
    if (backup_) {
      report_.backup = backup_->folder;
      report_.backup_begun = backup_->begun;
      ADIT_CHECK(copy_pool_backup(*backup_, new_folder()));
      failpoint("rebuild.copied");
      ADIT_TRY(marks_, look_at_copy());
    }
    // Again after the landings: what is foreseen here need not be waited for.
    ADIT_CHECK(check_losses(
        missing_of(marks_, [&](const LandedJob& job) { return has_chunks(job) || is_made_again(job); })));
    ADIT_CHECK(land());
    failpoint("rebuild.landed");
    ADIT_CHECK(count());
    return sync_volume(work_);
  }

  Result<void> check_space() const {
    const auto needed = kFreeBytesLeft + (backup_ ? backup_->bytes() : 0);
    ADIT_TRY(const auto free, free_bytes(layout_.root));
    if (free >= needed) return {};
    return Error{ErrorKind::kStorageFull, "The new file of the pool needs " + std::to_string(needed >> 20) +
                                              " MiB beside the present "
                                              "one, and " +
                                              std::to_string(free >> 20) +
                                              " MiB are free. Nothing was changed."};
  }

  /// A backup of the right pool may still be of another course of events: of before this folder was restored.
  Result<Marks> look_at_copy() const {
    ADIT_TRY(auto found, examine_pool(new_folder(), PoolReading::kMarks));
    if (!found.marks_read) {
      return Error{
          ErrorKind::kInvalid,
          "The pool's files in the backup " + backup_->folder.string() +
              " were damaged when the backup was made. Nothing was changed; name another backup with "
              "--backup, or --chunks-only for none.",
          found.damage.empty() ? "" : found.damage.front()};
    }
    std::size_t unknown = 0;
    for (const auto& [job, landed_at] : found.landed) {
      if (!known_.contains(job) && landed_at > remembered_from_) ++unknown;
    }
    if (unknown == 0) return std::move(found.landed);
    return invalid("The backup " + backup_->folder.string() + " has " + std::to_string(unknown) +
                   " jobs of this pool that the catalog does not know, so it is of another course of events: "
                   "of before this data folder was restored, perhaps. Nothing was changed; name another "
                   "backup with --backup.");
  }

  /// Whether to go on with what would be missing.
  Result<void> check_losses(const std::vector<MissingJob>& missing) const {
    std::string returning;
    std::size_t returning_count = 0;
    std::size_t lost = 0;
    for (const auto& job : missing) {
      if (job.fate != JobFate::kLost) continue;
      ++lost;
      if (job.rows_return && ++returning_count <= kNamesMax) returning += "\n  " + described(*job.job);
    }
    if (returning_count > kNamesMax)
      returning += "\n  and " + std::to_string(returning_count - kNamesMax) + " more";
    const auto forgotten = forgotten_without(marks_);
    const auto forgotten_jobs = std::to_string(forgotten) + " landed jobs that the catalog has forgotten";
    if (backup_ && forgotten > 0) returning += "\n  " + forgotten_jobs + ", whatever they did";
    if (!returning.empty() && !options_.rows_may_return) {
      return conflict(
          "Rows that were removed after the backup would be back, since what these jobs removed is "
          "not known any more:" +
          returning +
          "\nNothing was changed. Name a later backup with --backup; or say --removed-rows-return, "
          "and remove them again before anybody reads.");
    }
    if (lost + forgotten > 0 && !backup_ && !options_.source.chunks_only) {
      const auto of_jobs = lost > 0 ? std::to_string(lost) + " jobs" : "";
      return conflict("No backup of this pool is known, and from the chunks alone the rows of " + of_jobs +
                      (lost > 0 && forgotten > 0 ? " and of " : "") + (forgotten > 0 ? forgotten_jobs : "") +
                      " would be missing. Nothing was changed. Name a backup with --backup or a folder of "
                      "backups with --backup-folder, or say --chunks-only.");
    }
    return {};
  }

  /// For the repair that every opening makes: with the changes that need no chunks to be made again, and
  /// noting what it plans.
  LandingBook book(Catalog& catalog, ChunkStore& store, std::vector<JobId>& planned) const {
    std::vector<JobPlace> places;
    std::unordered_set<JobId> made_again;
    for (const auto& job : jobs_) {
      if (is_made_again(job)) made_again.insert(job.job);
      if (has_chunks(job) || is_made_again(job))
        places.push_back({static_cast<std::int64_t>(places.size()) + 1, job.job});
    }
    const auto plan = [&, made_again = std::move(made_again)](PoolId pool,
                                                              JobId job) -> Result<std::optional<LandPlan>> {
      planned.push_back(job);
      if (!made_again.contains(job)) return plan_again(catalog, store, pool, job);
      ADIT_TRY(const auto found, catalog.find_job(pool, job, true));
      return found ? std::optional(LandPlan{stage_plan(*found), {}}) : std::nullopt;
    };
    const auto landed = [places = std::move(places)](PoolId, std::int64_t after) {
      return Result(after == 0 ? places : std::vector<JobPlace>());
    };
    return {landed, plan};
  }

  Result<void> land() {
    ADIT_TRY(const auto catalog, open_sqlite_catalog(layout_.catalog()));
    ADIT_TRY(const auto store, open_local_chunk_store(layout_.chunks()));
    Metrics metrics;
    WarehouseOptions options;
    options.root = work_;
    options.chunks_root = layout_.chunks();
    if (options_.memory_bytes_max > 0) options.memory_bytes_max = options_.memory_bytes_max;
    std::vector<JobId> planned;
    ADIT_TRY(const auto warehouse,
             open_duckdb_warehouse(std::move(options), book(*catalog, *store, planned), clock_, metrics));
    ADIT_CHECK(warehouse->tables(pool_.pool));
    for (const auto job : planned) {
      ADIT_TRY(const auto landing, warehouse->landed(pool_.pool, job));
      if (!landing) continue;
      marks_.emplace(job, landing->landed_at);
      ++report_.landed_again;
    }
    ADIT_CHECK(discard_staged(*warehouse));
    ADIT_CHECK(warehouse->checkpoint(pool_.pool));
    warehouse->close();
    // The log has gone into the file by then, so that one name is all that has to be changed.
    const auto files = pool_files(new_folder());
    if (files.size() == 1 && files.front().filename() == kPoolFileName) return {};
    return internal("the engine has not written its log into the file " + new_folder().string());
  }

  /// What was staged when the backup was made, of jobs that have been given up since: nobody else would ask
  /// for it again.
  Result<void> discard_staged(Warehouse& warehouse) const {
    if (!backup_) return {};
    for (const auto& [job, status] : known_) {
      if (is_final(status)) ADIT_CHECK(warehouse.discard(pool_.pool, job));
    }
    return {};
  }

  Result<void> count() {
    const auto missing = missing_of(marks_, [](const LandedJob&) { return false; });
    // What could not be landed although its chunks were kept is as lost as the others.
    for (const auto& [job, fate, rows_return] : missing) {
      if (fate == JobFate::kReplaced) ++report_.replaced;
      if (fate == JobFate::kReplaced) continue;
      report_.lost.push_back({.job = job->job,
                              .table = job->table,
                              .change = job->change,
                              .done = job->done,
                              .rows = job->rows,
                              .chunks_kept = job->chunks_kept,
                              .set_aside = present_.contains(job->job),
                              .rows_return = rows_return});
    }
    report_.forgotten = forgotten_without(marks_);
    return check_losses(missing);
  }

  Result<void> put_in_place() {
    ADIT_TRY(const auto aside, replace_pool_files(folder(), new_folder() / kPoolFileName, clock_.now()));
    for (const auto& file : aside) report_.set_aside.push_back(file.lexically_relative(layout_.root));
    return {};
  }

  /// In the audit log of the pool's team. The rebuild is done: that it can't be noted does not undo it.
  void note() const {
    AuditEntry entry;
    entry.at = clock_.now();
    entry.team = pool_.team;
    entry.principal_name = "adit doctor --rebuild";
    entry.operation = "rebuildPool";
    entry.pool = pool_.pool;
    entry.object = report_.backup ? report_.backup->filename().string() : "";
    entry.status = 200;
    const auto catalog = open_sqlite_catalog(layout_.catalog());
    const auto noted = catalog ? (*catalog)->insert_audit(std::span(&entry, 1), Durability::kFull)
                               : Result<void>(catalog.error());
    if (!noted) log::error("the rebuild stands in no audit log", {{"detail", noted.error().internal_detail}});
  }

  const DataLayout& layout_;
  const RebuildOptions& options_;
  const Clock& clock_;
  NamedPool pool_;
  fs::path work_;
  std::vector<LandedJob> jobs_;                 ///< DONE ones of the pool, in order
  std::unordered_map<JobId, JobStatus> known_;  ///< all of the pool's
  Timestamp remembered_from_{};                 ///< jobs that ended earlier may be forgotten
  Marks present_;                               ///< of the files as they are
  Marks marks_;                                 ///< of the file that is made
  std::optional<PoolBackup> backup_;
  RebuildReport report_;
};

}  // namespace

fs::path rebuild_folder(const DataLayout& layout, PoolId pool) { return layout.pool(pool) / "rebuild"; }

Result<RebuildReport> rebuild_pool(const DataLayout& layout, const RebuildOptions& options,
                                   const Clock& clock) {
  return Rebuild(layout, options, clock).run();
}

}  // namespace adit
