#include "chunks/local/local_chunk_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace adit {
namespace {

namespace fs = std::filesystem;

/// Another request may remove an empty folder between its creation and the first file in it.
constexpr int kCreateTriesMax = 8;

/// Bounds the memory; forgetting costs one more sync for each folder that is used again.
constexpr std::size_t kDurableFoldersMax = 100'000;

constexpr std::string_view kPartSuffix = ".part";

Result<void> remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return system_error(errno, "unlink " + path.string());
}

/// The names in a folder; none if there is no such folder.
Result<std::vector<fs::path>> entries(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  fs::directory_iterator it(folder, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) paths.push_back(it->path());
  if (error && error != std::errc::no_such_file_or_directory) {
    return system_error(error.value(), "list " + folder.string());
  }
  return paths;
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() == fs::file_type::directory;
}

}  // namespace

Result<void> ChunkFolders::ensure(PoolId pool, JobId job) {
  ADIT_CHECK(ensure_one(pool_folder(pool), pool.uuid()));
  return ensure_one(job_folder(pool, job), job.uuid());
}

Result<void> ChunkFolders::ensure_one(const fs::path& folder, const Uuid& id) {
  {
    auto durable = durable_.lock();
    const bool made = ::mkdir(folder.c_str(), 0700) == 0;
    if (!made && errno != EEXIST) return system_error(errno, "mkdir " + folder.string());
    // A folder that is found may come from a process that died before it was synced.
    if (!made && durable->contains(id)) return {};
    durable->erase(id);
  }
  ADIT_CHECK(sync_folder(folder.parent_path()));
  auto durable = durable_.lock();
  if (durable->size() >= kDurableFoldersMax) durable->clear();
  durable->insert(id);
  return {};
}

void ChunkFolders::remove_if_empty(PoolId pool, JobId job) {
  auto durable = durable_.lock();
  // Refused while there are other files; whoever removes the last one removes the folders.
  if (::rmdir(job_folder(pool, job).c_str()) != 0) return;
  durable->erase(job.uuid());
  if (::rmdir(pool_folder(pool).c_str()) == 0) durable->erase(pool.uuid());
}

Result<std::unique_ptr<ChunkWriter>> LocalChunkStore::open_for_write(PoolId pool, JobId job, ChunkId chunk,
                                                                     std::uint64_t bytes_max) {
  const auto folder = folders_.job_folder(pool, job);
  for (int tries_left = kCreateTriesMax;; --tries_left) {
    auto ensured = folders_.ensure(pool, job);
    if (ensured) {
      auto writer = LocalChunkWriter::create(folder, chunk, bytes_max);
      if (writer) return std::unique_ptr<ChunkWriter>(*std::move(writer));
      ensured = std::move(writer).error();
    }
    std::error_code ignored;
    if (tries_left <= 1 || fs::exists(folder, ignored)) return std::move(ensured).error();
  }
}

Result<fs::path> LocalChunkStore::open(PoolId pool, JobId job, ChunkId chunk) {
  auto path = folders_.job_folder(pool, job) / chunk.to_string();
  if (::access(path.c_str(), R_OK) == 0) return path;
  if (errno == ENOENT || errno == ENOTDIR) {
    return Error{ErrorKind::kNotFound, "The chunk's file is no longer kept.", path.string()};
  }
  return system_error(errno, "access " + path.string());
}

Result<void> LocalChunkStore::remove(PoolId pool, JobId job, ChunkId chunk) {
  const auto folder = folders_.job_folder(pool, job);
  ADIT_CHECK(remove_file(folder / chunk.to_string()));
  folders_.remove_if_empty(pool, job);
  return {};
}

Result<void> LocalChunkStore::remove_job(PoolId pool, JobId job) {
  const auto folder = folders_.job_folder(pool, job);
  ADIT_TRY(const auto files, entries(folder));
  for (const auto& file : files) ADIT_CHECK(remove_file(file));
  folders_.remove_if_empty(pool, job);
  return {};
}

Result<void> LocalChunkStore::remove_pool(PoolId pool) {
  ADIT_TRY(const auto jobs, entries(folders_.pool_folder(pool)));
  for (const auto& job : jobs) {
    if (const auto id = JobId::parse(job.filename().string())) ADIT_CHECK(remove_job(pool, *id));
  }
  return {};
}

Result<std::vector<ChunkId>> LocalChunkStore::list(PoolId pool, JobId job) {
  ADIT_TRY(const auto files, entries(folders_.job_folder(pool, job)));
  std::vector<ChunkId> chunks;
  for (const auto& file : files) {
    if (const auto chunk = ChunkId::parse(file.filename().string())) chunks.push_back(*chunk);
  }
  return chunks;
}

Result<void> LocalChunkStore::remove_unfinished() {
  // No upload runs yet, so nothing is known of any folder.
  ADIT_TRY(const auto pools, entries(folders_.root()));
  for (const auto& pool : pools) {
    if (!is_folder(pool)) continue;
    ADIT_TRY(const auto jobs, entries(pool));
    for (const auto& job : jobs) {
      if (!is_folder(job)) continue;
      ADIT_TRY(const auto files, entries(job));
      for (const auto& file : files) {
        if (file.filename().string().ends_with(kPartSuffix)) ADIT_CHECK(remove_file(file));
      }
      ::rmdir(job.c_str());
    }
    ::rmdir(pool.c_str());
  }
  return {};
}

Result<std::unique_ptr<ChunkStore>> open_local_chunk_store(fs::path root) {
  ADIT_CHECK(create_folders(root));
  return std::unique_ptr<ChunkStore>(std::make_unique<LocalChunkStore>(std::move(root)));
}

}  // namespace adit
