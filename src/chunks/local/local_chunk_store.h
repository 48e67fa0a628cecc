// Chunks as files of a local file system.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/guarded.h"
#include "chunks/chunk_store.h"

namespace adit {

/// Makes and removes the folders of pools and jobs. Remembers which are known to be durable, so that each is
/// synced once and not for every chunk. Thread-safe; no lock is held while the disk syncs.
class ChunkFolders {
 public:
  explicit ChunkFolders(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path pool_folder(PoolId pool) const { return root_ / pool.to_string(); }
  std::filesystem::path job_folder(PoolId pool, JobId job) const {
    return pool_folder(pool) / job.to_string();
  }

  /// Creates the folder of a job, durable when it returns.
  Result<void> ensure(PoolId pool, JobId job);
  /// Removes the folder of a job, then that of its pool, if they are empty.
  void remove_if_empty(PoolId pool, JobId job);

 private:
  Result<void> ensure_one(const std::filesystem::path& folder, const Uuid& id);

  const std::filesystem::path root_;
  Guarded<std::unordered_set<Uuid>> durable_;
};

/// Lifecycle: removes its temporary file unless keep() succeeded.
class LocalChunkWriter final : public ChunkWriter {
 public:
  static Result<std::unique_ptr<LocalChunkWriter>> create(const std::filesystem::path& folder, ChunkId chunk,
                                                          std::uint64_t bytes_max);
  ~LocalChunkWriter() override;

  Result<void> write(std::string_view bytes) override;
  Result<StoredChunk> finish() override;
  std::filesystem::path path() const override { return part_path_; }
  Result<void> keep() override;

 private:
  LocalChunkWriter(FileHandle file, const std::filesystem::path& folder, ChunkId chunk,
                   std::uint64_t bytes_max);

  /// Asks the kernel to write out what it has not been asked for yet, without waiting for it.
  void start_write_back();

  FileHandle file_;
  const std::filesystem::path folder_;
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

 private:
  ChunkFolders folders_;
};

}  // namespace adit
