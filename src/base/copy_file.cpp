#include "base/copy_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>

#include "base/failpoint.h"
#include "base/file.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPieceBytesMin = 4 << 10;
constexpr std::uint64_t kPieceBytesMax = 4 << 20;

Error open_error(int error_number, const fs::path& file) {
  if (error_number == ENOENT) return Error{ErrorKind::kNotFound, "There is no such file.", file.string()};
  return system_error(error_number, "open " + file.string());
}

/// Most chunks are small, and each is read twice: for them a whole piece would take longer to get than to
/// fill.
std::uint64_t piece_bytes_for(const FileHandle& file) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return kPieceBytesMax;
  // One more than the file has: the end shows in the first read.
  return std::clamp(static_cast<std::uint64_t>(status.st_size) + 1, kPieceBytesMin, kPieceBytesMax);
}

/// Reads up to `bytes_max` bytes from the beginning of `source` into the digest, and into `target` where
/// there is one.
Result<FileDigest> pump(const OpenFile& source, const OpenFile* target, std::uint64_t bytes_max,
                        const CopyWatch& watch) {
  const auto piece_bytes = std::min(bytes_max, piece_bytes_for(source.handle));
  const auto piece = std::make_unique_for_overwrite<char[]>(piece_bytes);
  Sha256 digest;
  FileDigest done;
  while (done.bytes < bytes_max) {
    const auto wanted = std::min(piece_bytes, bytes_max - done.bytes);
    const auto count = ::pread(source.handle.get(), piece.get(), wanted, static_cast<off_t>(done.bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(errno, "read " + source.name.string());
    if (count == 0) break;
    const std::string_view bytes(piece.get(), static_cast<std::size_t>(count));
    digest.update(bytes);
    if (target != nullptr) ADIT_CHECK(write_all(target->handle, bytes, target->name));
    done.bytes += bytes.size();
    if (watch) ADIT_CHECK(watch(bytes.size()));
  }
  done.sha256 = std::move(digest).finish();
  return done;
}

/// Whether the target shares the blocks of the source now.
bool cloned(const FileHandle& source, const FileHandle& target, std::uint64_t bytes_max) {
  struct stat status{};
  if (::fstat(source.get(), &status) != 0) return false;
  if (static_cast<std::uint64_t>(status.st_size) > bytes_max) return false;
  return ::ioctl(target.get(), FICLONE, source.get()) == 0;
}

Result<FileDigest> fill(const OpenFile& from, const OpenFile& to, std::uint64_t bytes_max,
                        const CopyWatch& watch) {
  failpoint("base.copy_file");
  if (!cloned(from.handle, to.handle, bytes_max)) return pump(from, &to, bytes_max, watch);
  // What is read is the clone: the source may have grown since.
  return pump(to, nullptr, std::numeric_limits<std::uint64_t>::max(), watch);
}

}  // namespace

Result<FileDigest> digest_of_file(const fs::path& file, const CopyWatch& watch) {
  const FileHandle source(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return open_error(errno, file);
  return pump({source, file}, nullptr, std::numeric_limits<std::uint64_t>::max(), watch);
}

Result<FileDigest> copy_with_digest(const OpenFile& source, const fs::path& target, std::uint64_t bytes_max,
                                    const CopyWatch& watch) {
  const FileHandle to(::open(target.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!to && errno == EEXIST) return conflict("There is already a file " + target.filename().string() + ".");
  if (!to) return system_error(errno, "create " + target.string());
  auto filled = fill(source, {to, target}, bytes_max, watch);
  if (!filled) ::unlink(target.c_str());
  return filled;
}

Result<FileDigest> copy_with_digest(const fs::path& source, const fs::path& target, std::uint64_t bytes_max,
                                    const CopyWatch& watch) {
  const FileHandle from(::open(source.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from) return open_error(errno, source);
  return copy_with_digest(OpenFile{from, source}, target, bytes_max, watch);
}

Result<Placement> link_or_copy(const fs::path& source, const fs::path& target, const CopyWatch& watch) {
  if (::link(source.c_str(), target.c_str()) == 0) return Placement::kLinked;
  const int error_number = errno;
  if (error_number == ENOENT) return open_error(error_number, source);
  if (error_number == EEXIST) return conflict("There is already a file " + target.filename().string() + ".");
  // Another volume, one without links, or as many links as it can have.
  ADIT_CHECK(copy_with_digest(source, target, std::numeric_limits<std::uint64_t>::max(), watch));
  return Placement::kCopied;
}

Result<void> sync_volume(const fs::path& folder) {
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle) return system_error(errno, "open folder " + folder.string());
  if (::syncfs(handle.get()) != 0) return system_error(errno, "syncfs " + folder.string());
  return {};
}

}  // namespace adit
