#include "backup/backup.h"

#include <sys/stat.h>

#include <cerrno>
#include <limits>
#include <map>
#include <set>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "backup/data_format.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "catalog/catalog_file.h"
#include "warehouse/pool_files.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// An engine that failed while its files were copied is opened again, and then they are copied again.
constexpr int kPoolAttemptsMax = 3;
constexpr std::uint64_t kFreeBytesLeft = 64ULL << 20;
constexpr std::uint64_t kWholeFile = std::numeric_limits<std::uint64_t>::max();

std::uint64_t size_of(const fs::path& file) {
  std::error_code failure;
  const auto size = fs::file_size(file, failure);
  return failure ? 0 : size;
}

bool on_one_volume(const fs::path& a, const fs::path& b) {
  struct stat of_a{};
  struct stat of_b{};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev;
}

class Backup {
 public:
  Backup(const BackupSource& source, const fs::path& target, const Clock& clock, const BackupWatch& watch)
      : from_(source.layout), source_(source), to_{target}, clock_(clock), watch_(watch) {}

  Result<BackupManifest> take() {
    manifest_.adit_version = ADIT_VERSION;
    manifest_.data_format = kDataFormat;
    std::unique_lock<std::mutex> expiry;
    if (source_.hold_expiry) expiry = source_.hold_expiry();
    manifest_.begun = clock_.now();
    const CatalogFile catalog(from_.catalog());
    ADIT_CHECK(check_version(catalog));
    ADIT_TRY(const auto pools, catalog.pools());
    for (const auto& pool : pools) created_.emplace(pool.pool, pool.created);
    ADIT_CHECK(check_space());
    ADIT_CHECK(copy_pools());
    failpoint("backup.between");
    ADIT_CHECK(place_chunks_so_far());
    ADIT_CHECK(copy_catalog_and_chunks());
    ADIT_CHECK(copy_others());
    progress_.doing = "sync";
    ADIT_CHECK(tell());
    ADIT_CHECK(sync_volume(to_.root));
    failpoint("backup.before_manifest");
    manifest_.finished = clock_.now();
    ADIT_CHECK(write_manifest(to_.root, manifest_));
    ADIT_CHECK(sync_folder(to_.root.parent_path()));
    return std::move(manifest_);
  }

 private:
  Result<void> tell() { return watch_ ? watch_(progress_) : Result<void>(); }
  CopyWatch copied() {
    return [this](std::uint64_t bytes) {
      progress_.bytes += bytes;
      return tell();
    };
  }

  Result<void> check_version(const CatalogFile& catalog) {
    ADIT_TRY(manifest_.catalog_version, catalog.version());
    if (manifest_.catalog_version == newest_catalog_version()) return {};
    return invalid("The catalog has the version " + std::to_string(manifest_.catalog_version) +
                   ", this adit has " + std::to_string(newest_catalog_version()) +
                   ". Make the backup with the version of adit that the folder was last served with.");
  }

  Result<void> check_space() {
    std::uint64_t needed = kFreeBytesLeft + size_of(from_.catalog());
    for (const auto& [pool, created] : created_) {
      for (const auto& file : pool_files(from_.pool(pool))) needed += size_of(file);
    }
    if (!on_one_volume(from_.chunks(), to_.root)) {
      ADIT_TRY(const auto chunks, list_local_chunks(from_.chunks()));
      for (const auto& chunk : chunks)
        needed += size_of(local_chunk_file(from_.chunks(), chunk.pool, chunk.job, chunk.chunk));
    }
    ADIT_TRY(const auto free, free_bytes(to_.root));
    if (free >= needed) return {};
    return Error{ErrorKind::kStorageFull, "The backup needs " + std::to_string(needed >> 20) +
                                              " MiB where it is to lie, and " + std::to_string(free >> 20) +
                                              " MiB are free there."};
  }

  Result<void> add(const fs::path& relative, const FileDigest& digest) {
    manifest_.files.push_back({relative.string(), digest});
    ++progress_.files;
    return tell();
  }

  Result<void> copy_pools() {
    progress_.doing = "pools";
    ADIT_CHECK(create_folders(to_.pools()));
    for (const auto& [pool, created] : created_) {
      std::error_code failure;
      if (!fs::exists(from_.pool(pool) / "pool.db", failure)) continue;
      for (int attempt = 1;; ++attempt) {
        const auto copied = copy_pool(pool);
        // The catalog's copy will not have it either.
        if (!copied && is_deleted(pool)) break;
        if (copied || copied.error().kind == ErrorKind::kCanceled || attempt == kPoolAttemptsMax) {
          ADIT_CHECK(copied);
          break;
        }
        log::warning("a pool is copied again", {{"pool", pool}, {"detail", copied.error().internal_detail}});
      }
    }
    return {};
  }

  bool is_deleted(PoolId pool) const { return source_.is_deleted && source_.is_deleted(pool); }

  Result<void> copy_pool(PoolId pool) {
    std::unique_ptr<FilesHold> hold;
    if (source_.hold_files) {
      auto held = source_.hold_files(pool);
      if (!held && held.error().kind == ErrorKind::kNotFound) return {};
      if (!held) return std::move(held).error();
      hold = *std::move(held);
    }
    const auto target = to_.pool(pool);
    std::error_code failure;
    fs::remove_all(target, failure);
    ADIT_CHECK(create_folders(target));
    const CopyWatch still_wanted = [this, pool](std::uint64_t bytes) -> Result<void> {
      if (is_deleted(pool)) return not_found("The data pool has been deleted.");
      return copied()(bytes);
    };
    std::vector<BackupFile> files;
    for (const auto& file : pool_files(from_.pool(pool))) {
      const auto copy = target / file.filename();
      const auto* open = hold && file.extension() == ".db" ? hold->main_file() : nullptr;
      ADIT_TRY(const auto digest,
               open != nullptr ? copy_with_digest(OpenFile{*open, file}, copy, size_of(file), still_wanted)
                               : copy_with_digest(file, copy, size_of(file), still_wanted));
      files.push_back({copy.lexically_relative(to_.root).string(), digest});
      failpoint("backup.pool_file");
    }
    if (hold) ADIT_CHECK(hold->end());
    for (const auto& file : files) ADIT_CHECK(add(file.path, file.digest));
    return {};
  }

  /// A chunk that is gone meanwhile was given up by its client.
  Result<bool> place_chunk(PoolId pool, JobId job, ChunkId chunk) {
    const auto target = local_chunk_file(to_.chunks(), pool, job, chunk);
    if (folders_.insert(target.parent_path()).second) ADIT_CHECK(create_folders(target.parent_path()));
    const auto placed = link_or_copy(local_chunk_file(from_.chunks(), pool, job, chunk), target, copied());
    if (!placed && placed.error().kind == ErrorKind::kNotFound) return false;
    if (!placed) return placed.error();
    placed_.insert(chunk);
    ++progress_.files;
    ADIT_CHECK(tell());
    return true;
  }

  Result<void> place_chunks_so_far() {
    progress_.doing = "chunks";
    ADIT_CHECK(create_folders(to_.chunks()));
    ADIT_TRY(const auto chunks, list_local_chunks(from_.chunks()));
    for (const auto& chunk : chunks) ADIT_CHECK(place_chunk(chunk.pool, chunk.job, chunk.chunk));
    return {};
  }

  Result<void> copy_catalog_and_chunks() {
    progress_.doing = "catalog";
    std::vector<KeptChunk> kept;
    {
      RemovalPause pause;
      if (source_.pause_removals) pause = source_.pause_removals();
      ADIT_CHECK(copy_catalog(from_.catalog(), to_.catalog()));
      ADIT_TRY(kept, CatalogFile(to_.catalog()).kept_chunks());
      for (const auto& chunk : kept) {
        if (placed_.contains(chunk.chunk)) continue;
        ADIT_TRY(const bool there, place_chunk(chunk.pool, chunk.job, chunk.chunk));
        if (!there) note_lost(chunk);
      }
    }
    ADIT_CHECK(remove_others(kept));
    for (const auto& chunk : kept) {
      if (!placed_.contains(chunk.chunk)) continue;
      ++manifest_.chunks;
      manifest_.chunk_bytes += chunk.stored.bytes;
    }
    ADIT_TRY(const auto digest, digest_of_file(to_.catalog(), copied()));
    return add("catalog.db", digest);
  }

  /// It was lost before: the backup is as good as what it is made of.
  static void note_lost(const KeptChunk& chunk) {
    log::error("a chunk's file is missing; the backup is made without it",
               {{"pool", chunk.pool}, {"job", chunk.job}, {"chunk", chunk.chunk}});
  }

  /// What the catalog's copy does not know: jobs and pools that were given up while the backup was made. Of a
  /// pool that was made again with the id of one of them all jobs are landed from their chunks.
  Result<void> remove_others(const std::vector<KeptChunk>& kept) {
    std::unordered_set<ChunkId> known;
    for (const auto& chunk : kept) known.insert(chunk.chunk);
    ADIT_TRY(const auto chunks, list_local_chunks(to_.chunks()));
    std::error_code failure;
    for (const auto& chunk : chunks) {
      if (!known.contains(chunk.chunk))
        fs::remove(local_chunk_file(to_.chunks(), chunk.pool, chunk.job, chunk.chunk), failure);
    }
    ADIT_TRY(const auto pools, CatalogFile(to_.catalog()).pools());
    std::set<PoolId> stay;
    for (const auto& pool : pools) {
      const auto copied = created_.find(pool.pool);
      if (copied != created_.end() && copied->second == pool.created) stay.insert(pool.pool);
    }
    for (const auto& entry : fs::directory_iterator(to_.pools(), failure)) {
      const auto name = entry.path().filename().string();
      const auto pool = PoolId::parse(name);
      if (pool && stay.contains(*pool)) {
        ++manifest_.pools;
        continue;
      }
      std::erase_if(manifest_.files,
                    [&](const auto& file) { return file.path.starts_with("pools/" + name + "/"); });
      fs::remove_all(entry.path(), failure);
    }
    return {};
  }

  Result<void> copy_others() {
    progress_.doing = "others";
    ADIT_CHECK(create_folders(to_.tls()));
    for (const auto& file : {from_.certificate(), from_.certificate_key(), from_.admin_key(),
                             from_.admin_password(), from_.format()}) {
      const auto relative = file.lexically_relative(from_.root);
      const auto digest = copy_with_digest(file, to_.root / relative, kWholeFile, copied());
      if (!digest && digest.error().kind == ErrorKind::kNotFound) continue;
      if (!digest) return digest.error();
      ADIT_CHECK(add(relative, *digest));
    }
    return {};
  }

  const DataLayout& from_;
  const BackupSource& source_;
  const DataLayout to_;
  const Clock& clock_;
  const BackupWatch& watch_;
  BackupManifest manifest_;
  BackupProgress progress_;
  std::map<PoolId, Timestamp> created_;  ///< the pools that there were, and when each was made
  std::unordered_set<ChunkId> placed_;
  std::set<fs::path> folders_;
};

/// The standard library throws where a volume fails in the middle of a folder.
Result<BackupManifest> take_or_fail(Backup backup) {
  try {
    return backup.take();
  } catch (const std::exception& thrown) {
    return internal(thrown.what());
  }
}

}  // namespace

Result<BackupManifest> take_backup(const BackupSource& source, const fs::path& target, const Clock& clock,
                                   const BackupWatch& watch) {
  if (::mkdir(target.c_str(), 0700) != 0) {
    if (errno == EEXIST) return conflict("There is already something at " + target.filename().string() + ".");
    return system_error(errno, "mkdir " + target.string());
  }
  auto taken = take_or_fail(Backup(source, target, clock, watch));
  if (!taken) {
    std::error_code failure;
    fs::remove_all(target, failure);
  }
  return taken;
}

}  // namespace adit
