// Files and folders, with durability spelled out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace adit {

/// An owned file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileHandle();

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// The error of a system call. ENOSPC and EDQUOT are kStorageFull; what passes by itself, a want of
/// descriptors, processes or memory, is kUnavailable; all others are kInternal. `what` names the call and the
/// path, for the log.
Error system_error(int error_number, std::string what);

/// Writes all of `bytes` at the current position.
Result<void> write_all(const FileHandle& file, std::string_view bytes, const std::filesystem::path& path);
/// fsync. After a failure the data counts as not written.
Result<void> sync_file(const FileHandle& file, const std::filesystem::path& path);
/// fsync of a folder: makes creations, renames and removals in it durable.
Result<void> sync_folder(const std::filesystem::path& folder);
/// sync_folder(), or what a test puts in its place: a disk that fails.
using FolderSync = std::function<Result<void>(const std::filesystem::path& folder)>;
/// Creates a folder and its parents (mode 0700) and makes their creation durable.
Result<void> create_folders(const std::filesystem::path& folder);

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t bytes_max);
/// Replaces the file at `path` in one step: temporary file, fsync, rename, fsync of the folder.
/// `mode` holds the permission bits, 0600 for secrets.
Result<void> replace_file(const std::filesystem::path& path, std::string_view content, unsigned mode);

/// Free bytes for an unprivileged user on the volume that holds `path`.
Result<std::uint64_t> free_bytes(const std::filesystem::path& path);

/// An exclusive flock(2) on a file, held as long as the object lives.
class FileLock {
 public:
  /// kConflict when another process holds it.
  static Result<FileLock> acquire(const std::filesystem::path& path);

 private:
  explicit FileLock(FileHandle file) : file_(std::move(file)) {}
  FileHandle file_;
};

}  // namespace adit
