#include "backup/restore.h"

#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "backup/data_format.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "catalog/catalog_file.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamesMax = 20;
constexpr std::uint64_t kWholeFile = std::numeric_limits<std::uint64_t>::max();

/// Goes through all files of a backup, which are copied where there is a target and only looked at otherwise.
class Walk {
 public:
  Walk(fs::path backup, std::optional<fs::path> target, DamagedChunks damaged_chunks,
       const BackupWatch& watch)
      : backup_(std::move(backup)),
        target_(std::move(target)),
        damaged_chunks_(damaged_chunks),
        watch_(watch) {}

  Result<void> run(const BackupManifest& manifest) {
    progress_.doing = "files";
    for (const auto& file : manifest.files) ADIT_CHECK(take(file.path, file.digest));
    if (!damaged_.empty()) return {};  // the catalog may be among them
    progress_.doing = "chunks";
    ADIT_TRY(const auto chunks, CatalogFile(backup_ / "catalog.db").kept_chunks());
    std::uint64_t missing = 0;
    for (const auto& chunk : chunks) {
      const auto path = local_chunk_file("chunks", chunk.pool, chunk.job, chunk.chunk);
      ADIT_TRY(const bool there, take(path, chunk.stored));
      if (!there) ++missing;
    }
    // What was missing when the backup was made is no damage of the backup.
    if (chunks.size() - missing < manifest.chunks) {
      (damaged_chunks_ == DamagedChunks::kLeaveOut ? left_out_ : damaged_)
          .push_back(std::to_string(manifest.chunks - (chunks.size() - missing)) +
                     " chunk files are missing");
    }
    return {};
  }

  std::vector<std::string>& damaged() { return damaged_; }
  std::vector<std::string>& left_out() { return left_out_; }
  /// Whether everything but the chunk files is whole.
  bool reached_chunks() const { return progress_.doing == "chunks"; }

 private:
  /// False where there is no such chunk file.
  Result<bool> take(const fs::path& path, const FileDigest& expected) {
    const auto copied = [this](std::uint64_t bytes) {
      progress_.bytes += bytes;
      return watch_ ? watch_(progress_) : Result<void>();
    };
    if (target_) ADIT_CHECK(create_folders((*target_ / path).parent_path()));
    const auto found = target_ ? copy_with_digest(backup_ / path, *target_ / path, kWholeFile, copied)
                               : digest_of_file(backup_ / path, copied);
    ++progress_.files;
    const bool absent = !found && found.error().kind == ErrorKind::kNotFound;
    const bool of_chunk = progress_.doing == "chunks";
    if (absent && of_chunk) return false;
    if (!found && !absent) return found.error();
    if (of_chunk && damaged_chunks_ == DamagedChunks::kLeaveOut && *found != expected) return leave_out(path);
    if ((absent || *found != expected) && damaged_.size() < kNamesMax)
      damaged_.push_back(path.string() + (absent ? " is missing" : " is damaged"));
    return true;
  }

  /// The server finds it missing then, which costs at most its own job.
  Result<bool> leave_out(const fs::path& path) {
    if (left_out_.size() < kNamesMax) left_out_.push_back(path.string() + " is damaged");
    std::error_code failure;
    if (target_) fs::remove(*target_ / path, failure);
    if (failure) return system_error(failure.value(), "remove " + path.string());
    return true;
  }

  const fs::path backup_;
  const std::optional<fs::path> target_;
  const DamagedChunks damaged_chunks_;
  const BackupWatch& watch_;
  BackupProgress progress_;
  std::vector<std::string> damaged_;
  std::vector<std::string> left_out_;
};

Result<void> refuse_damaged(Walk& walk) {
  const auto& damaged = walk.damaged();
  if (damaged.empty()) return {};
  std::string names;
  for (const auto& name : damaged) names += "\n  " + name;
  return invalid("The backup is damaged, so nothing was restored:" + names +
                 (walk.reached_chunks()
                      ? "\nThe rest can be had: --without-damaged-chunks leaves these files out, and `adit "
                        "doctor` then names the jobs whose rows are lost with them, if there are any."
                      : ""));
}

/// Fills a folder that is empty but for the mark that a restore is under way.
Result<Restored> fill(const fs::path& backup, const DataLayout& to, DamagedChunks damaged_chunks,
                      const BackupWatch& watch) {
  ADIT_TRY(auto manifest, read_manifest(backup));
  ADIT_CHECK(check_data_format({manifest.data_format, manifest.adit_version}, "The backup"));
  Walk walk(backup, to.root, damaged_chunks, watch);
  ADIT_CHECK(walk.run(manifest));
  ADIT_CHECK(refuse_damaged(walk));
  failpoint("restore.before_sync");
  ADIT_CHECK(sync_volume(to.root));
  return Restored{std::move(manifest), std::move(walk.left_out())};
}

Result<void> require_empty(const fs::path& folder) {
  std::error_code failure;
  if (fs::is_empty(folder, failure)) return {};
  if (failure) return system_error(failure.value(), "look into " + folder.string());
  return conflict("The folder " + folder.string() +
                  " is not empty. A restore overwrites nothing: name one that is, or that is not there yet.");
}

}  // namespace

Result<Restored> restore_backup(const fs::path& backup, const fs::path& data, DamagedChunks damaged_chunks,
                                const BackupWatch& watch) {
  const DataLayout to{fs::absolute(data)};
  std::error_code failure;
  const bool was_there = fs::exists(to.root, failure);
  if (was_there) ADIT_CHECK(require_empty(to.root));
  ADIT_CHECK(create_folders(to.root));
  ADIT_CHECK(replace_file(to.restoring(), "", 0600));
  auto restored = fill(fs::absolute(backup), to, damaged_chunks, watch);
  if (!restored) {
    for (const auto& entry : fs::directory_iterator(to.root, failure)) {
      if (entry.path() != to.restoring()) fs::remove_all(entry.path(), failure);
    }
  }
  fs::remove(to.restoring(), failure);
  if (!restored && !was_there) fs::remove(to.root, failure);
  if (restored) ADIT_CHECK(sync_folder(to.root));
  return restored;
}

Result<std::vector<std::string>> check_backup(const fs::path& backup, const BackupWatch& watch) {
  ADIT_TRY(const auto manifest, read_manifest(backup));
  Walk walk(backup, std::nullopt, DamagedChunks::kRefuse, watch);
  ADIT_CHECK(walk.run(manifest));
  return std::move(walk.damaged());
}

}  // namespace adit
