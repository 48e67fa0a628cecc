#include "backup/rebuild_source.h"

#include <limits>
#include <system_error>
#include <utility>

#include "backup/data_format.h"
#include "base/copy_file.h"
#include "base/log.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kWholeFile = std::numeric_limits<std::uint64_t>::max();

/// Nothing when the backup does not have the pool.
Result<std::optional<PoolBackup>> look_into(const fs::path& folder, const NamedPool& pool) {
  ADIT_TRY(auto manifest, read_manifest(folder));
  ADIT_CHECK(check_data_format({manifest.data_format, manifest.adit_version}, "The backup"));
  PoolBackup found{folder, manifest.begun, {}};
  const auto below = "pools/" + pool.pool.to_string() + "/";
  for (auto& file : manifest.files) {
    if (file.path.starts_with(below)) found.files.push_back(std::move(file));
  }
  if (found.files.empty()) return std::optional<PoolBackup>();
  // A backup that was under way when the pool was made has no files of this id.
  if (found.begun < pool.created) {
    return invalid("The backup " + folder.string() + " was begun before the data pool \"" + pool.name +
                   "\" was made: what it has is of an earlier pool of this id, which was deleted. Nothing "
                   "was changed; name another backup with --backup, or --chunks-only for none.");
  }
  return std::optional(std::move(found));
}

Result<std::optional<PoolBackup>> newest_in(const fs::path& folder, const NamedPool& pool) {
  std::optional<PoolBackup> newest;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code gone;
    if (!fs::exists(entry->path() / kManifestName, gone)) continue;
    auto found = look_into(entry->path(), pool);
    if (!found) {
      log::warning("a backup is passed over",
                   {{"backup", entry->path().string()}, {"why", found.error().public_message}});
      continue;
    }
    if (*found && (!newest || newest->begun < (*found)->begun)) newest = std::move(*found);
  }
  if (failure) return system_error(failure.value(), "look into the folder of backups " + folder.string());
  return newest;
}

}  // namespace

std::uint64_t PoolBackup::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : files) sum += file.digest.bytes;
  return sum;
}

Result<std::optional<PoolBackup>> choose_backup(const RebuildSource& source, const NamedPool& pool) {
  if (source.chunks_only) return std::optional<PoolBackup>();
  if (!source.backup) {
    if (source.backup_folder.empty()) return std::optional<PoolBackup>();
    return newest_in(fs::absolute(source.backup_folder), pool);
  }
  ADIT_TRY(auto found, look_into(fs::absolute(*source.backup), pool));
  if (!found) return not_found("The backup " + source.backup->string() + " does not have this pool.");
  return found;
}

Result<void> copy_pool_backup(const PoolBackup& backup, const fs::path& target) {
  for (const auto& file : backup.files) {
    const auto copied =
        copy_with_digest(backup.folder / file.path, target / fs::path(file.path).filename(), kWholeFile);
    if (!copied && copied.error().kind != ErrorKind::kNotFound) return copied.error();
    if (copied && *copied == file.digest) continue;
    return invalid("The backup " + backup.folder.string() + " is damaged: " + file.path +
                   (copied ? " is not what it was" : " is missing") +
                   ". Nothing was changed; name another backup with --backup, or --chunks-only for none.");
  }
  return {};
}

}  // namespace adit
