// Landlock, spoken to as the kernel defines it: the headers of the oldest supported system know less than the
// kernels that it runs on.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file.h"
#include "warehouse/host/confinement.h"

namespace adit {
namespace {

constexpr std::uint64_t kWriteFile = 1ULL << 1;
constexpr std::uint64_t kReadFile = 1ULL << 2;
constexpr std::uint64_t kReadFolder = 1ULL << 3;
constexpr std::uint64_t kRemoveFolder = 1ULL << 4;
constexpr std::uint64_t kRemoveFile = 1ULL << 5;
constexpr std::uint64_t kMakeFolder = 1ULL << 7;
constexpr std::uint64_t kMakeFile = 1ULL << 8;
constexpr std::uint64_t kTruncate = 1ULL << 14;

constexpr std::uint64_t kReading = kReadFile | kReadFolder;
constexpr std::uint64_t kWriting =
    kReading | kWriteFile | kRemoveFolder | kRemoveFile | kMakeFolder | kMakeFile | kTruncate;

constexpr unsigned kAskVersion = 1;
constexpr int kRuleBeneath = 1;

/// struct landlock_ruleset_attr up to version 6 of the interface.
struct Ruleset {
  std::uint64_t handled_files = 0;
  std::uint64_t handled_network = 0;
  std::uint64_t scoped = 0;
};

/// struct landlock_path_beneath_attr.
struct [[gnu::packed]] Beneath {
  std::uint64_t allowed = 0;
  std::int32_t folder = -1;
};

/// What each version of the interface can forbid: all that it knows is forbidden.
Ruleset everything(long version) {
  Ruleset all;
  all.handled_files = (1ULL << 13) - 1;
  if (version >= 2) all.handled_files |= 1ULL << 13;  // moves between folders
  if (version >= 3) all.handled_files |= kTruncate;
  if (version >= 4) all.handled_network = 3;          // TCP: bind and connect
  if (version >= 5) all.handled_files |= 1ULL << 15;  // ioctl on devices
  if (version >= 6) all.scoped = 3;                   // abstract sockets, signals
  return all;
}

std::size_t size_for(long version) {
  if (version >= 6) return sizeof(Ruleset);
  return version >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

/// Where the engine looks how much memory and how many processors it may use; an instance that may not look
/// ends its process.
constexpr std::array kLimits{"/proc/self/cgroup", "/sys/fs/cgroup"};

Result<void> allow(int ruleset, const FileHandle& place, const std::filesystem::path& path,
                   std::uint64_t rights) {
  const Beneath beneath{rights, place.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, kRuleBeneath, &beneath, 0) != 0)
    return system_error(errno, "landlock_add_rule " + path.string());
  return {};
}

Result<void> allow_folder(int ruleset, const std::filesystem::path& folder, std::uint64_t rights) {
  const FileHandle handle(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!handle) return system_error(errno, "open folder " + folder.string());
  return allow(ruleset, handle, folder, rights);
}

Result<void> allow_limits(int ruleset) {
  // A rule is about the very file that was opened, and /proc makes a new one for a name that nobody holds.
  static std::array<FileHandle, kLimits.size()> held;
  for (std::size_t i = 0; i < kLimits.size(); ++i) {
    held[i] = FileHandle(::open(kLimits[i], O_PATH | O_CLOEXEC));
    struct stat status{};
    if (!held[i] || ::fstat(held[i].get(), &status) != 0) continue;  // not every system has them
    ADIT_CHECK(allow(ruleset, held[i], kLimits[i], S_ISDIR(status.st_mode) ? kReading : kReadFile));
  }
  return {};
}

}  // namespace

Result<bool> confine_files(const ConfinedFolders& folders) {
  const auto version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  if (version < 1) return false;
  const auto all = everything(version);
  const FileHandle ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, size_for(version), 0)));
  if (!ruleset) return system_error(errno, "landlock_create_ruleset");
  for (const auto& folder : folders.writable)
    ADIT_CHECK(allow_folder(ruleset.get(), folder, kWriting & all.handled_files));
  for (const auto& folder : folders.readable) ADIT_CHECK(allow_folder(ruleset.get(), folder, kReading));
  ADIT_CHECK(allow_limits(ruleset.get()));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return system_error(errno, "landlock_restrict_self");
  return true;
}

}  // namespace adit
