#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/failpoint.h"
#include "chunks/local/local_chunk_store.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// Small enough that little is left to do at the end, big enough that the disk writes in long runs.
constexpr std::uint64_t kWriteBackStep = 8ULL << 20;

fs::path part_of(const fs::path& file) { return file.string() + std::string(kPartSuffix); }

}  // namespace

Result<std::unique_ptr<LocalChunkWriter>> LocalChunkWriter::create(const fs::path& path,
                                                                   std::uint64_t bytes_max) {
  const auto part = part_of(path);
  FileHandle file(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return system_error(errno, "create " + part.string());
  return std::unique_ptr<LocalChunkWriter>(new LocalChunkWriter(std::move(file), path, bytes_max));
}

LocalChunkWriter::LocalChunkWriter(FileHandle file, const fs::path& path, std::uint64_t bytes_max)
    : file_(std::move(file)), final_path_(path), part_path_(part_of(path)), bytes_max_(bytes_max) {}

LocalChunkWriter::~LocalChunkWriter() {
  if (!kept_) ::unlink(part_path_.c_str());
}

Result<void> LocalChunkWriter::write(std::string_view bytes) {
  if (finished_ || failed_) return internal("write to a chunk that is finished or has failed");
  if (bytes.size() > bytes_max_ - bytes_) {
    failed_ = true;
    return Error{ErrorKind::kTooLarge, "The chunk is larger than " + std::to_string(bytes_max_) + " bytes."};
  }
  failpoint("chunk_store.write");
  if (auto written = write_all(file_, bytes, part_path_); !written) {
    failed_ = true;
    return written;
  }
  digest_.update(bytes);
  bytes_ += bytes.size();
  if (bytes_ - bytes_sent_to_disk_ >= kWriteBackStep) start_write_back();
  return {};
}

void LocalChunkWriter::start_write_back() {
  // Only an early start: errors show at the fsync of keep().
  ::sync_file_range(file_.get(), static_cast<off64_t>(bytes_sent_to_disk_),
                    static_cast<off64_t>(bytes_ - bytes_sent_to_disk_), SYNC_FILE_RANGE_WRITE);
  bytes_sent_to_disk_ = bytes_;
}

Result<StoredChunk> LocalChunkWriter::finish() {
  if (finished_ || failed_) return internal("finish of a chunk that is finished or has failed");
  start_write_back();
  finished_ = true;
  return StoredChunk{bytes_, std::move(digest_).finish()};
}

Result<void> LocalChunkWriter::keep() {
  if (!finished_ || failed_ || kept_)
    return internal("keep of a chunk that is not finished, has failed or is kept");
  failpoint("chunk_store.keep.before_fsync");
  // After a failed fsync the kernel forgets which pages were lost: a second try would lie.
  failed_ = true;
  ADIT_CHECK(sync_file(file_, part_path_));
  failpoint("chunk_store.keep.before_rename");
  if (::rename(part_path_.c_str(), final_path_.c_str()) != 0) {
    return system_error(errno, "rename to " + final_path_.string());
  }
  failpoint("chunk_store.keep.after_rename");
  if (auto synced = sync_folder(final_path_.parent_path()); !synced) {
    ::unlink(final_path_.c_str());
    return synced;
  }
  failed_ = false;
  kept_ = true;
  return {};
}

}  // namespace adit
