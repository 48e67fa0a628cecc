#include "backup/doctor.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "backup/missing_jobs.h"
#include "backup/rebuild.h"
#include "base/copy_file.h"
#include "base/file.h"
#include "catalog/catalog_file.h"
#include "catalog/catalog_log.h"
#include "chunks/chunk_store.h"
#include "push/recovery.h"
#include "warehouse/pool_examination.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

class Doctor {
 public:
  Doctor(const DataLayout& layout, DoctorReading reading)
      : layout_(layout), reading_(reading), catalog_(layout.catalog()) {}

  Result<DoctorReport> examine() {
    ADIT_CHECK(look_at_log());
    ADIT_TRY(const auto lines, catalog_.damage());
    for (const auto& line : lines) add({Finding::kCatalogDamaged, "", "catalog.db", line});
    auto chunks = catalog_.kept_chunks();
    auto jobs = catalog_.landed_jobs();
    // What can't be read has been told already; the pools can be looked at all the same.
    const bool known = chunks.ok() && jobs.ok();
    if (!known && lines.empty())
      add({Finding::kCatalogDamaged, "", "catalog.db",
           (chunks ? jobs.error() : chunks.error()).internal_detail});
    if (known) ADIT_CHECK(look_at_chunks(*chunks));
    ADIT_CHECK(look_at_pools(known ? std::move(*jobs) : std::vector<LandedJob>()));
    return std::move(report_);
  }

 private:
  Result<void> look_at_log() {
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(layout_.root, failure)) {
      if (!entry.path().filename().string().starts_with("catalog.db-wal.damaged-")) continue;
      add({Finding::kCatalogLogSetAside, "", below(entry.path()),
           "The catalog's log was damaged when it was opened, and its last commits were lost; this is a copy "
           "of it as "
           "it was. Look whether the last pushes, users and keys before its time are there. Remove it "
           "then."});
    }
    // A server that runs writes the log, which would look like damage.
    const auto lock = FileLock::acquire(layout_.lock());
    server_runs_ = !lock;
    if (!lock) return {};
    ADIT_TRY(const auto damage, find_log_damage(layout_.catalog()));
    if (!damage) return {};
    add({Finding::kCatalogDamaged, "", "catalog.db-wal",
         "The catalog's log is damaged at byte " + std::to_string(damage->at_byte) + ": at least " +
             std::to_string(damage->commits_lost) +
             " commits behind it are lost. A copy is kept by the next start."});
    return {};
  }

  void add(DoctorFinding finding) { report_.findings.push_back(std::move(finding)); }
  std::string below(const fs::path& file) const { return file.lexically_relative(layout_.root).string(); }

  Result<void> look_at_chunks(const std::vector<KeptChunk>& kept) {
    std::unordered_set<ChunkId> known;
    for (const auto& chunk : kept) {
      known.insert(chunk.chunk);
      ADIT_CHECK(look_at_chunk(chunk));
    }
    ADIT_CHECK(tell_missing());
    ADIT_TRY(const auto files, list_local_chunks(layout_.chunks()));
    for (const auto& file : files) {
      if (known.contains(file.chunk)) continue;
      const auto path = local_chunk_file(layout_.chunks(), file.pool, file.job, file.chunk);
      add({Finding::kChunkUnknown, file.pool.to_string(), below(path),
           "The catalog does not know this file as a chunk that is kept. It goes with its job's files; where "
           "commits of "
           "the catalog were lost it may be of such a one."});
    }
    return {};
  }

  fs::path path_of(const KeptChunk& chunk) const {
    return local_chunk_file(layout_.chunks(), chunk.pool, chunk.job, chunk.chunk);
  }

  void add_of_chunk(Finding finding, const KeptChunk& chunk, std::string text) {
    damaged_jobs_.insert(chunk.job);
    add({finding, chunk.pool.to_string(), below(path_of(chunk)),
         std::move(text) + " Job " + chunk.job.to_string() + "."});
  }

  /// A server may have let files expire since its catalog was read: those are asked for again.
  Result<void> tell_missing() {
    if (missing_.empty()) return {};
    ADIT_TRY(const auto kept, catalog_.kept_chunks());
    std::unordered_set<ChunkId> still;
    for (const auto& chunk : kept) still.insert(chunk.chunk);
    for (const auto& chunk : missing_) {
      if (still.contains(chunk.chunk))
        add_of_chunk(Finding::kChunkMissing, chunk, "The chunk's file is not there.");
    }
    return {};
  }

  Result<void> look_at_chunk(const KeptChunk& chunk) {
    ++report_.chunks;
    const auto path = path_of(chunk);
    const auto problem = [&](Finding finding, std::string text) {
      add_of_chunk(finding, chunk, std::move(text));
    };
    FileDigest found;
    if (reading_ == DoctorReading::kQuick) {
      std::error_code failure;
      found = {fs::file_size(path, failure), chunk.stored.sha256};
      if (failure) {
        missing_.push_back(chunk);
        return {};
      }
    } else {
      const auto read = digest_of_file(path);
      if (!read && read.error().kind == ErrorKind::kNotFound) {
        missing_.push_back(chunk);
        return {};
      }
      if (!read) {
        problem(Finding::kChunkDamaged,
                "The chunk's file can't be read: " + read.error().internal_detail + ".");
        return {};
      }
      found = *read;
      report_.bytes += found.bytes;
    }
    if (found == chunk.stored) return {};
    problem(Finding::kChunkDamaged,
            found.bytes == chunk.stored.bytes
                ? std::string("The chunk's bytes are not those that were acknowledged.")
                : "The chunk's file has " + std::to_string(found.bytes) + " bytes and not " +
                      std::to_string(chunk.stored.bytes) + ".");
    return {};
  }

  Result<void> look_at_pools(std::vector<LandedJob> jobs) {
    std::map<PoolId, std::vector<LandedJob>> jobs_of;
    for (auto& job : jobs) jobs_of[job.pool].push_back(std::move(job));
    if (const auto pools = catalog_.pools()) {
      for (const auto& pool : *pools) forgotten_[pool.pool] = pool.jobs_forgotten;
    }
    for (const auto& [pool, count] : forgotten_) jobs_of.try_emplace(pool);
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(layout_.pools(), failure)) {
      const auto name = entry.path().filename().string();
      if (name.contains(kUnknownPoolMark)) {
        add({Finding::kPoolUnknown, "", below(entry.path()),
             "The catalog did not know this pool when the server started, so its folder was set aside: "
             "that of a pool that was deleted, or of one that a damaged catalog has lost. Remove it once "
             "nothing is missing."});
      }
      const auto pool = PoolId::parse(name);
      if (!pool) continue;
      list_set_aside(*pool, entry.path());
      ADIT_CHECK(look_at_pool(*pool, entry.path(), jobs_of[*pool]));
      jobs_of.erase(*pool);
    }
    // Pools without a folder: nothing of them is left.
    for (const auto& [pool, landed] : jobs_of) compare(pool, landed, {});
    return {};
  }

  void list_set_aside(PoolId pool, const fs::path& folder) {
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(folder, failure)) {
      if (entry.path().filename().string().find(".damaged-") == std::string::npos) continue;
      set_aside_.insert(pool);
      add({Finding::kPoolSetAside, pool.to_string(), below(entry.path()),
           "This file was damaged when the pool was opened, or the pool was rebuilt, so it was set aside. "
           "What "
           "it held was landed again as far as chunks were kept. Remove it once nothing is missing."});
    }
    if (const auto left = rebuild_folder(layout_, pool); fs::exists(left, failure))
      add({Finding::kRebuildCutShort, pool.to_string(), below(left),
           "A rebuild of the pool was cut short before it had changed anything. Rebuild it again, or remove "
           "this folder."});
  }

  Result<void> look_at_pool(PoolId pool, const fs::path& folder, const std::vector<LandedJob>& jobs) {
    PoolExamination found;
    std::error_code failure;
    if (fs::exists(folder / "pool.db", failure)) {
      // A server that wants the pool meanwhile has to wait: not for as long as all rows take.
      const bool rows = reading_ == DoctorReading::kEverything && !server_runs_;
      ADIT_TRY(found, examine_pool(folder, rows ? PoolReading::kRows : PoolReading::kMarks));
      if (found.in_use) {
        add({Finding::kPoolInUse, pool.to_string(), below(folder),
             "A server has the pool open, so it was not looked at. Stop the server to have it looked at."});
        return {};
      }
      if (!rows && reading_ == DoctorReading::kEverything)
        add({Finding::kPoolInUse, pool.to_string(), below(folder),
             "A server runs, so that only the pool's log and marks were looked at, not its rows. Stop the "
             "server to have them looked at."});
      ++report_.pools;
      for (const auto& damage : found.damage)
        add({Finding::kPoolDamaged, pool.to_string(), below(folder / "pool.db"), damage});
      if (!found.marks_read) return {};
    }
    compare(pool, jobs, found.landed);
    return {};
  }

  void compare(PoolId pool, const std::vector<LandedJob>& jobs,
               const std::unordered_map<JobId, Timestamp>& landed) {
    report_.jobs += jobs.size();
    const auto forgotten = forgotten_among(pool, landed);
    tell_forgotten(pool, landed.empty(), forgotten);
    const auto missing = missing_jobs(
        jobs, [&](const LandedJob& job) { return landed.contains(job.job); },
        [&](const LandedJob& job) { return job.chunks_kept && !damaged_jobs_.contains(job.job); },
        forgotten > 0 ? ForgottenJobs::kSome : ForgottenJobs::kNone);
    for (const auto& [job, fate, rows_return] : missing) {
      if (fate == JobFate::kLandable) {
        add({Finding::kJobMissing, pool.to_string(), job->job.to_string(),
             what_is_missing(*job) +
                 "Its chunks are kept: they are landed again when the server opens the pool."});
      } else if (fate == JobFate::kLost) {
        add({Finding::kJobUnrecoverable, pool.to_string(), job->job.to_string(),
             what_is_missing(*job) + why_lost(*job) +
                 (rows_return ? " Rows that it removed may be back." : "")});
      }
    }
  }

  /// How many of the marks are of jobs that the catalog does not know any more.
  std::uint64_t forgotten_among(PoolId pool, const std::unordered_map<JobId, Timestamp>& landed) const {
    const auto known = catalog_.jobs_of(pool);
    if (!known) return 0;
    return static_cast<std::uint64_t>(
        std::ranges::count_if(landed, [&](const auto& mark) { return !known->contains(mark.first); }));
  }

  /// Whoever has removed the files that were set aside has settled what was missing.
  void tell_forgotten(PoolId pool, bool is_empty, std::uint64_t there) {
    const auto count = forgotten_[pool];
    if (count <= there || !(is_empty || set_aside_.contains(pool))) return;
    add({Finding::kForgottenMissing, pool.to_string(), below(layout_.pool(pool) / "pool.db"),
         "The pool lacks " + std::to_string(count - there) +
             " landed jobs that the catalog has forgotten: its file was made anew without them. Rebuild the "
             "pool from a backup. Where nothing of it is missed, remove the files that were set aside."});
  }

  static std::string what_is_missing(const LandedJob& job) {
    const auto table = '"' + job.table.name + '"';
    if (job.change) {
      return "The pool does not have this job's " + std::string(to_string(*job.change)) + " of the table " +
             table + ". ";
    }
    return "The " + std::to_string(job.rows) + " rows of this job into " + table + " are not in the pool. ";
  }

  static std::string why_lost(const LandedJob& job) {
    if (job.change) return "What it was is forgotten: do it again, or rebuild the pool from a later backup.";
    return job.chunks_kept
               ? "Its chunk files are damaged or gone: push it again, or rebuild the pool from a backup."
               : "Its chunks have expired: push it again, or rebuild the pool from a backup.";
  }

  const DataLayout& layout_;
  const DoctorReading reading_;
  const CatalogFile catalog_;
  bool server_runs_ = false;  ///< at the beginning
  DoctorReport report_;
  std::vector<KeptChunk> missing_;
  std::unordered_set<JobId> damaged_jobs_;
  std::map<PoolId, std::uint64_t> forgotten_;  ///< landed jobs, by the catalog
  std::set<PoolId> set_aside_;                 ///< pools with such files
};

}  // namespace

std::string_view to_string(Finding finding) {
  switch (finding) {
    case Finding::kCatalogDamaged:
      return "CATALOG_DAMAGED";
    case Finding::kCatalogLogSetAside:
      return "CATALOG_LOG_SET_ASIDE";
    case Finding::kPoolDamaged:
      return "POOL_DAMAGED";
    case Finding::kPoolSetAside:
      return "POOL_SET_ASIDE";
    case Finding::kPoolUnknown:
      return "POOL_UNKNOWN";
    case Finding::kChunkDamaged:
      return "CHUNK_DAMAGED";
    case Finding::kChunkMissing:
      return "CHUNK_MISSING";
    case Finding::kJobMissing:
      return "JOB_MISSING";
    case Finding::kJobUnrecoverable:
      return "JOB_UNRECOVERABLE";
    case Finding::kForgottenMissing:
      return "FORGOTTEN_MISSING";
    case Finding::kChunkUnknown:
      return "CHUNK_UNKNOWN";
    case Finding::kRebuildCutShort:
      return "REBUILD_CUT_SHORT";
    case Finding::kPoolInUse:
      return "POOL_IN_USE";
  }
  std::unreachable();
}

bool is_problem(Finding finding) {
  return finding != Finding::kChunkUnknown && finding != Finding::kPoolInUse &&
         finding != Finding::kPoolSetAside && finding != Finding::kPoolUnknown &&
         finding != Finding::kRebuildCutShort;
}

bool DoctorReport::healthy() const {
  return std::ranges::none_of(findings, [](const auto& found) { return is_problem(found.finding); });
}

Result<DoctorReport> examine(const DataLayout& layout, DoctorReading reading) {
  std::error_code failure;
  if (!fs::exists(layout.catalog(), failure)) {
    return not_found("There is no adit installation in " + layout.root.string() + ".");
  }
  return Doctor(layout, reading).examine();
}

}  // namespace adit
