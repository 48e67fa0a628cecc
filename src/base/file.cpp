#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/failpoint.h"
#include "base/id.h"

namespace adit {

namespace fs = std::filesystem;

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Error system_error(int error_number, std::string what) {
  what += ": ";
  what += std::strerror(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return {ErrorKind::kStorageFull, "The server's disk is full. Free space there and send this again.",
              std::move(what)};
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
      return {ErrorKind::kUnavailable,
              "The server is short of descriptors, processes or memory. Send this again in a moment.",
              std::move(what)};
    default:
      return internal(std::move(what));
  }
}

Result<void> write_all(const FileHandle& file, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const auto count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, "write " + path.string());
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> sync_file(const FileHandle& file, const fs::path& path) {
  if (::fsync(file.get()) != 0) return system_error(errno, "fsync " + path.string());
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle) return system_error(errno, "open folder " + folder.string());
  return sync_file(handle, folder);
}

namespace {

/// A folder that is found may have been made by a process that died before it could sync it. Where this
/// process may not look into its parent, it is somebody else's, or one that the server had made before it
/// confined this process.
Result<void> sync_found_folder(const fs::path& folder) {
  const auto parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  const FileHandle handle(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle && (errno == EACCES || errno == EPERM)) return {};
  if (!handle) return system_error(errno, "open folder " + parent.string());
  return sync_file(handle, parent);
}

}  // namespace

Result<void> create_folders(const fs::path& folder) {
  if (folder.empty()) return {};
  // What can't be looked at is told by the mkdir.
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return sync_found_folder(folder);
  if (!fs::is_directory(folder.parent_path(), ignored)) ADIT_CHECK(create_folders(folder.parent_path()));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error(errno, "mkdir " + folder.string());
  return sync_folder(folder.has_parent_path() ? folder.parent_path() : fs::path("."));
}

Result<std::string> read_file(const fs::path& path, std::uint64_t bytes_max) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return Error{ErrorKind::kNotFound, "There is no such file.", path.string()};
    return system_error(errno, "open " + path.string());
  }
  std::string content;
  char buffer[16384];
  for (;;) {
    const auto count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, "read " + path.string());
    }
    if (count == 0) return content;
    content.append(buffer, static_cast<std::size_t>(count));
    if (content.size() > bytes_max)
      return Error{ErrorKind::kTooLarge, "The file is too large.", path.string()};
  }
}

Result<void> replace_file(const fs::path& path, std::string_view content, unsigned mode) {
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const auto temporary = folder / (path.filename().string() + "." + Uuid::random().to_string() + ".tmp");
  {
    const FileHandle file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file) return system_error(errno, "create " + temporary.string());
    ADIT_CHECK(write_all(file, content, temporary));
    ADIT_CHECK(sync_file(file, temporary));
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return system_error(errno, "rename to " + path.string());
  return sync_folder(folder);
}

Result<std::uint64_t> free_bytes(const fs::path& path) {
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) return system_error(errno, "statvfs " + path.string());
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

namespace {

/// A command that root runs in a folder of the server's user must not leave a lock that the server can't
/// open.
Result<void> give_to_owner_of_folder(const FileHandle& file, const fs::path& path) {
  struct stat of_file{};
  struct stat of_folder{};
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (::fstat(file.get(), &of_file) != 0 || ::stat(folder.c_str(), &of_folder) != 0)
    return system_error(errno, "stat " + path.string());
  if (of_file.st_uid != ::geteuid() || of_file.st_uid == of_folder.st_uid || of_file.st_uid != 0) return {};
  if (::fchown(file.get(), of_folder.st_uid, of_folder.st_gid) != 0)
    return system_error(errno, "chown " + path.string());
  return {};
}

}  // namespace

Result<FileLock> FileLock::acquire(const fs::path& path) {
  FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return system_error(errno, "open " + path.string());
  ADIT_CHECK(give_to_owner_of_folder(file, path));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return conflict("Another process is using this folder.");
    return system_error(errno, "flock " + path.string());
  }
  return FileLock(std::move(file));
}

}  // namespace adit
