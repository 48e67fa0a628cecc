#include "chunks/local/local_chunk_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace adit {
namespace {

namespace fs = std::filesystem;

/// Bounds the memory; forgetting costs one more sync for each folder that is used again.
constexpr std::size_t kPoolsMax = 10'000;

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
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory) {
    return system_error(error.value(), "list " + folder.string());
  }
  return paths;
}

/// The first byte of the job's id as two digits.
std::string shard_of(JobId job) { return job.to_string().substr(0, 2); }

std::size_t shard_number(JobId job) { return std::stoul(shard_of(job), nullptr, 16); }

/// A folder that is found may come from a process that died before it was synced, so its parent is synced
/// too.
Result<void> make_durable(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error(errno, "mkdir " + folder.string());
  return sync_folder(folder.parent_path());
}

}  // namespace

fs::path ChunkFolders::folder(PoolId pool, JobId job) const { return pool_folder(pool) / shard_of(job); }

Result<void> ChunkFolders::ensure(PoolId pool, JobId job) {
  const auto number = shard_number(job);
  {
    auto durable = durable_.lock();
    const auto found = durable->find(pool);
    if (found != durable->end() && found->second[number]) return {};
  }
  ADIT_CHECK(make_durable(pool_folder(pool)));
  ADIT_CHECK(make_durable(folder(pool, job)));
  auto durable = durable_.lock();
  if (durable->size() >= kPoolsMax) durable->clear();
  (*durable)[pool].set(number);
  return {};
}

void ChunkFolders::forget(PoolId pool) { durable_.lock()->erase(pool); }

Result<std::unique_ptr<ChunkWriter>> LocalChunkStore::open_for_write(PoolId pool, JobId job, ChunkId chunk,
                                                                     std::uint64_t bytes_max) {
  ADIT_CHECK(folders_.ensure(pool, job));
  auto writer = LocalChunkWriter::create(folders_.file(pool, job, chunk), bytes_max);
  std::error_code ignored;
  if (!writer && !fs::exists(folders_.folder(pool, job), ignored)) {
    // Somebody removed the pool's folders meanwhile.
    folders_.forget(pool);
    ADIT_CHECK(folders_.ensure(pool, job));
    writer = LocalChunkWriter::create(folders_.file(pool, job, chunk), bytes_max);
  }
  if (!writer) return std::move(writer).error();
  return std::unique_ptr<ChunkWriter>(*std::move(writer));
}

Result<fs::path> LocalChunkStore::open(PoolId pool, JobId job, ChunkId chunk) {
  auto path = folders_.file(pool, job, chunk);
  if (::access(path.c_str(), R_OK) == 0) return path;
  if (errno == ENOENT || errno == ENOTDIR) {
    return Error{ErrorKind::kNotFound, "The chunk's file is no longer kept.", path.string()};
  }
  return system_error(errno, "access " + path.string());
}

Result<void> LocalChunkStore::remove(PoolId pool, JobId job, ChunkId chunk) {
  const std::shared_lock removing(removals_);
  return remove_file(folders_.file(pool, job, chunk));
}

Result<std::vector<fs::path>> LocalChunkStore::files_of(PoolId pool, JobId job) {
  ADIT_TRY(auto files, entries(folders_.folder(pool, job)));
  const auto prefix = ChunkFolders::prefix(job);
  std::erase_if(files, [&](const auto& file) { return !file.filename().string().starts_with(prefix); });
  return files;
}

Result<void> LocalChunkStore::remove_job(PoolId pool, JobId job) {
  const std::shared_lock removing(removals_);
  ADIT_TRY(const auto files, files_of(pool, job));
  for (const auto& file : files) ADIT_CHECK(remove_file(file));
  return {};
}

Result<void> LocalChunkStore::remove_pool(PoolId pool) {
  const std::shared_lock removing(removals_);
  const auto folder = folders_.pool_folder(pool);
  ADIT_TRY(const auto shards, entries(folder));
  folders_.forget(pool);
  for (const auto& shard : shards) {
    ADIT_TRY(const auto files, entries(shard));
    for (const auto& file : files) ADIT_CHECK(remove_file(file));
    ::rmdir(shard.c_str());
  }
  ::rmdir(folder.c_str());
  return {};
}

Result<std::vector<ChunkId>> LocalChunkStore::list(PoolId pool, JobId job) {
  ADIT_TRY(const auto files, files_of(pool, job));
  std::vector<ChunkId> chunks;
  for (const auto& file : files) {
    const auto name = file.filename().string().substr(ChunkFolders::prefix(job).size());
    if (const auto chunk = ChunkId::parse(name)) chunks.push_back(*chunk);
  }
  return chunks;
}

Result<void> LocalChunkStore::remove_unfinished() {
  ADIT_TRY(const auto pools, entries(folders_.root()));
  for (const auto& pool : pools) {
    ADIT_TRY(const auto shards, entries(pool));
    for (const auto& shard : shards) {
      ADIT_TRY(const auto files, entries(shard));
      for (const auto& file : files) {
        if (file.filename().string().ends_with(kPartSuffix)) ADIT_CHECK(remove_file(file));
      }
      ::rmdir(shard.c_str());
    }
    ::rmdir(pool.c_str());
  }
  return {};
}

Result<std::unique_ptr<ChunkStore>> open_local_chunk_store(fs::path root) {
  ADIT_CHECK(create_folders(root));
  return std::unique_ptr<ChunkStore>(std::make_unique<LocalChunkStore>(std::move(root)));
}

fs::path local_chunk_file(const fs::path& root, PoolId pool, JobId job, ChunkId chunk) {
  return ChunkFolders(root).file(pool, job, chunk);
}

Result<std::vector<LocalChunk>> list_local_chunks(const fs::path& root) {
  std::vector<LocalChunk> chunks;
  ADIT_TRY(const auto pools, entries(root));
  for (const auto& pool_folder : pools) {
    const auto pool = PoolId::parse(pool_folder.filename().string());
    if (!pool) continue;
    ADIT_TRY(const auto shards, entries(pool_folder));
    for (const auto& shard : shards) {
      ADIT_TRY(const auto files, entries(shard));
      for (const auto& file : files) {
        const auto name = file.filename().string();
        const auto dot = name.find('.');
        if (dot == std::string::npos) continue;
        const auto job = JobId::parse(name.substr(0, dot));
        const auto chunk = ChunkId::parse(name.substr(dot + 1));
        if (job && chunk) chunks.push_back({*pool, *job, *chunk});
      }
    }
  }
  return chunks;
}

fs::path local_chunk_folder(const fs::path& root, PoolId pool) {
  return ChunkFolders(root).pool_folder(pool);
}

}  // namespace adit
