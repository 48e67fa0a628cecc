// Chunks as files of a local file system.
#pragma once

#include <bitset>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/guarded.h"
#include "chunks/chunk_store.h"

namespace adit {

/// What the name of a file ends with while it is written.
inline constexpr std::string_view kPartSuffix = ".part";

/// The folders in which chunk files lie: `<root>/<pool>/<xx>`, where xx are the first two digits of the job's
/// id. Few enough that each is made and synced once, and not for every job. Thread-safe; no lock is held
/// while the disk syncs.
class ChunkFolders {
 public:
  explicit ChunkFolders(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path pool_folder(PoolId pool) const { return root_ / pool.to_string(); }
  std::filesystem::path folder(PoolId pool, JobId job) const;
  /// What the names of all files of a job begin with.
  static std::string prefix(JobId job) { return job.to_string() + "."; }
  std::filesystem::path file(PoolId pool, JobId job, ChunkId chunk) const {
    return folder(pool, job) / (prefix(job) + chunk.to_string());
  }

  /// Creates the folder of a job's chunks where that has not been done, durable when it returns.
  Result<void> ensure(PoolId pool, JobId job);
  /// Says that folders of a pool may be gone.
  void forget(PoolId pool);

 private:
  using Shards = std::bitset<256>;  ///< by the first byte of the job's id

  const std::filesystem::path root_;
  Guarded<std::unordered_map<PoolId, Shards>> durable_;
};

/// Lifecycle: removes its temporary file unless keep() succeeded.
class LocalChunkWriter final : public ChunkWriter {
 public:
  /// `file` is where the chunk will lie; its folder exists.
  static Result<std::unique_ptr<LocalChunkWriter>> create(const std::filesystem::path& file,
                                                          std::uint64_t bytes_max);
  ~LocalChunkWriter() override;

  Result<void> write(std::string_view bytes) override;
  Result<StoredChunk> finish() override;
  std::filesystem::path path() const override { return part_path_; }
  Result<void> keep() override;

 private:
  LocalChunkWriter(FileHandle file, const std::filesystem::path& path, std::uint64_t bytes_max);

  /// Asks the kernel to write out what it has not been asked for yet, without waiting for it.
  void start_write_back();

  FileHandle file_;
  const std::filesystem::path final_path_;
  const std::filesystem::path part_path_;
  const std::uint64_t bytes_max_;
  Sha256 digest_;
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_sent_to_disk_ = 0;
  bool failed_ = false;
  bool finished_ = false;
  bool kept_ = false;
};

class LocalChunkStore final : public ChunkStore {
 public:
  explicit LocalChunkStore(std::filesystem::path root) : folders_(std::move(root)) {}

  Result<std::unique_ptr<ChunkWriter>> open_for_write(PoolId pool, JobId job, ChunkId chunk,
                                                      std::uint64_t bytes_max) override;
  Result<std::filesystem::path> open(PoolId pool, JobId job, ChunkId chunk) override;
  Result<void> remove(PoolId pool, JobId job, ChunkId chunk) override;
  Result<void> remove_job(PoolId pool, JobId job) override;
  Result<void> remove_pool(PoolId pool) override;
  Result<std::vector<ChunkId>> list(PoolId pool, JobId job) override;
  Result<std::uint64_t> free_bytes() override { return adit::free_bytes(folders_.root()); }
  Result<void> remove_unfinished() override;
  RemovalPause pause_removals() override { return RemovalPause(removals_); }

 private:
  /// All of a job, those still being written included.
  Result<std::vector<std::filesystem::path>> files_of(PoolId pool, JobId job);

  ChunkFolders folders_;
  std::shared_mutex removals_;  ///< shared while a file is removed
};

}  // namespace adit
