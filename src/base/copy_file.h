// Copies of files that are not changed meanwhile, and digests of files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/digest.h"
#include "base/file.h"
#include "base/result.h"

namespace adit {

/// What a file holds.
struct FileDigest {
  std::uint64_t bytes = 0;
  Sha256Digest sha256{};

  bool operator==(const FileDigest&) const = default;
};

/// Asked after every few megabytes with how many they were; an error ends the work with it. May be empty.
using CopyWatch = std::function<Result<void>(std::uint64_t bytes)>;

/// kNotFound when there is no such file.
Result<FileDigest> digest_of_file(const std::filesystem::path& file, const CopyWatch& watch = {});

/// A file that is open already, and what it is called in errors.
struct OpenFile {
  const FileHandle& handle;
  const std::filesystem::path& name;
};

/// Copies the first `bytes_max` bytes of a file to `target`, which must not exist, with mode 0600. Where the
/// file system can, whole files share their blocks (FICLONE) and no bytes are moved, but they are read for
/// the digest. Nothing is synced: sync_volume() does that for many. On an error the target is removed.
/// kNotFound: no source; kConflict: the target exists.
Result<FileDigest> copy_with_digest(const OpenFile& source, const std::filesystem::path& target,
                                    std::uint64_t bytes_max, const CopyWatch& watch = {});
Result<FileDigest> copy_with_digest(const std::filesystem::path& source, const std::filesystem::path& target,
                                    std::uint64_t bytes_max, const CopyWatch& watch = {});

enum class Placement { kLinked, kCopied };
/// Gives a file that is never changed a second name, or copies it where there can be none. Errors as
/// copy_with_digest().
Result<Placement> link_or_copy(const std::filesystem::path& source, const std::filesystem::path& target,
                               const CopyWatch& watch = {});

/// Makes everything that was written on the volume of `folder` durable: syncfs(2).
Result<void> sync_volume(const std::filesystem::path& folder);

}  // namespace adit
