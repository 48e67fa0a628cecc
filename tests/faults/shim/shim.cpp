// The shim: counts, logs and breaks the calls by which processes change files. See control.h.
//
// Every wrapper goes to the kernel by itself, so the order in which libraries are loaded does not matter. Out
// of its reach: calls that the C library makes inside itself (fopen and what is written to it), and memory
// that is mapped (SQLite's index of its write-ahead log, which is made anew after a crash).
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "faults/shim/control.h"

namespace {

using adit::test::CallClass;
using adit::test::CallRecord;
using adit::test::Deed;
using adit::test::RecordKind;
using adit::test::ShimControl;

constexpr int kFilesMax = 4096;
constexpr std::size_t kPathMax = 400;
/// Above what servers open, below the 1,024 descriptors of an engine's process.
constexpr int kLogDescriptor = 1000;

struct OpenFile {
  bool known = false;
  bool folder = false;
  ino_t inode = 0;
  char path[kPathMax] = {};
};

ShimControl* control = nullptr;
int log_file = -1;
std::array<OpenFile, kFilesMax> files;

__attribute__((constructor)) void begin() {
  const char* name = std::getenv(adit::test::kShimControlVariable);
  if (name == nullptr) return;
  const int file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC, 0));
  if (file < 0) _exit(120);
  auto* memory = mmap(nullptr, sizeof(ShimControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  syscall(SYS_close, file);
  if (memory == MAP_FAILED) _exit(121);
  control = static_cast<ShimControl*>(memory);
  if (control->log[0] == '\0') return;
  const int opened = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, control->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (opened < 0) _exit(122);
  log_file = fcntl(opened, F_DUPFD_CLOEXEC, kLogDescriptor);
  syscall(SYS_close, opened);
  if (log_file < 0) _exit(123);
}

[[noreturn]] void die() {
  for (;;) {
    syscall(SYS_kill, getpid(), SIGKILL);
    pause();
  }
}

/// With a log, a call and its record are one step for all processes. A holder that was killed leaves no half
/// record: those are written in one call.
class Order {
 public:
  Order() {
    if (log_file < 0) return;
    if (pthread_mutex_lock(&control->order) == EOWNERDEAD) pthread_mutex_consistent(&control->order);
    if (control->off) die();
  }
  ~Order() {
    if (log_file < 0) return;
    const int kept = errno;
    pthread_mutex_unlock(&control->order);
    errno = kept;
  }
  Order(const Order&) = delete;
  Order& operator=(const Order&) = delete;
};

bool is_ours(std::string_view path) {
  const std::string_view folder(control->folder);
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// The absolute path of what a call names; empty when it is none of ours.
std::string resolve(int folder, const char* name) {
  if (control == nullptr || name == nullptr) return {};
  std::string path;
  if (name[0] == '/') {
    path = name;
  } else if (folder >= 0 && folder < kFilesMax && files[static_cast<std::size_t>(folder)].known) {
    path = std::string(files[static_cast<std::size_t>(folder)].path) + "/" + name;
  }
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.size() >= kPathMax || !is_ours(path)) return {};
  return path;
}

/// The file behind a descriptor, if it is ours. Descriptors are closed within the C library unseen: the inode
/// tells.
OpenFile* find(int descriptor) {
  if (control == nullptr || descriptor < 0 || descriptor >= kFilesMax) return nullptr;
  auto& file = files[static_cast<std::size_t>(descriptor)];
  if (!file.known) return nullptr;
  const int kept = errno;
  struct stat status{};
  const bool same = fstat(descriptor, &status) == 0 && status.st_ino == file.inode &&
                    (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
  errno = kept;
  if (!same) file.known = false;
  return same ? &file : nullptr;
}

void note(RecordKind kind, std::uint64_t inode, std::uint64_t offset, std::string_view path = {},
          const iovec* parts = nullptr, int part_count = 0, std::uint64_t data_bytes = 0) {
  if (log_file < 0) return;
  const int kept = errno;
  CallRecord record{kind, static_cast<std::uint32_t>(path.size()), data_bytes, inode, offset};
  std::string bytes(reinterpret_cast<const char*>(&record), sizeof record);
  bytes.append(path);
  for (int i = 0; i < part_count && data_bytes > 0; ++i) {
    const auto size = std::min<std::uint64_t>(parts[i].iov_len, data_bytes);
    bytes.append(static_cast<const char*>(parts[i].iov_base), size);
    data_bytes -= size;
  }
  std::string_view left = bytes;
  while (!left.empty()) {
    const auto count = syscall(SYS_write, log_file, left.data(), left.size());
    if (count <= 0) _exit(124);
    left.remove_prefix(static_cast<std::size_t>(count));
  }
  errno = kept;
}

void cut_power() {
  control->off = true;
  die();
}

/// Counts a call and says what is to become of it. Does not come back from kKillBefore.
Deed arrive(CallClass on, std::string_view path) {
  if (control->off) die();
  ++control->counts[static_cast<std::size_t>(on)];
  const auto deed = control->deed.load();
  if (deed == Deed::kNothing) return deed;
  const auto wanted = control->on.load();
  if (wanted != CallClass::kAny && wanted != on) return Deed::kNothing;
  if (control->where[0] != '\0' && path.find(control->where) == std::string_view::npos) return Deed::kNothing;
  const std::string_view spared = control->spared_cut;
  if (on == CallClass::kResize && !spared.empty() && path.contains(spared)) return Deed::kNothing;
  const auto before = control->before.fetch_sub(1);
  if (before > 0 || before <= -control->times) return Deed::kNothing;
  ++control->done;
  if (deed == Deed::kKillBefore) cut_power();
  if (deed == Deed::kFail) errno = control->error;
  return deed;
}

void leave(Deed deed) {
  if (deed == Deed::kKillAfter || deed == Deed::kKillHalfway) cut_power();
}

bool is_ignored(std::string_view path) {
  return control->ignored_sync[0] != '\0' && path.find(control->ignored_sync) != std::string_view::npos;
}

int open_file(int folder, const char* name, int flags, mode_t mode) {
  if (control != nullptr && control->off) die();
  const auto path = resolve(folder, name);
  const bool changes =
      !path.empty() && (flags & (O_CREAT | O_TRUNC)) != 0 && (flags & O_TMPFILE) != O_TMPFILE;
  if (path.empty()) return static_cast<int>(syscall(SYS_openat, folder, name, flags, mode));
  const Order order;
  auto deed = Deed::kNothing;
  if (changes) {
    deed = arrive(CallClass::kCreate, path);
    if (deed == Deed::kFail) return -1;
  }
  const int descriptor = static_cast<int>(syscall(SYS_openat, folder, name, flags, mode));
  if (descriptor < 0) return -1;
  struct stat status{};
  if (descriptor < kFilesMax && fstat(descriptor, &status) == 0) {
    auto& file = files[static_cast<std::size_t>(descriptor)];
    file.folder = S_ISDIR(status.st_mode);
    file.inode = status.st_ino;
    path.copy(file.path, path.size());
    file.path[path.size()] = '\0';
    file.known = true;
    if (changes) note(RecordKind::kCreate, status.st_ino, (flags & O_TRUNC) != 0 ? 1 : 0, path);
  }
  leave(deed);
  return descriptor;
}

/// `offset` −1: at the present position.
ssize_t write_parts(int descriptor, const iovec* parts, int count, off_t offset) {
  const auto plain = [&](const iovec* what, int how_many) -> ssize_t {
    if (offset < 0) return syscall(SYS_writev, descriptor, what, how_many);
    return syscall(SYS_pwritev, descriptor, what, how_many, offset, 0);
  };
  auto* file = find(descriptor);
  if (file == nullptr) return plain(parts, count);
  std::uint64_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes += parts[i].iov_len;
  const Order order;
  const auto deed = arrive(CallClass::kWrite, file->path);
  if (deed == Deed::kFail) return -1;
  const bool half = (deed == Deed::kWriteShort || deed == Deed::kKillHalfway) && bytes > 1;
  std::vector<iovec> cut(parts, parts + count);
  if (half) {
    auto left = bytes / 2;
    for (auto& part : cut) {
      part.iov_len = std::min<std::uint64_t>(part.iov_len, left);
      left -= part.iov_len;
    }
  }
  const auto written = plain(cut.data(), count);
  if (written > 0 && log_file >= 0) {
    const auto at = offset >= 0 ? offset : lseek(descriptor, 0, SEEK_CUR) - written;
    note(RecordKind::kWrite, file->inode, static_cast<std::uint64_t>(at), {}, cut.data(), count,
         static_cast<std::uint64_t>(written));
  }
  leave(deed);
  return written;
}

/// With a log the disk is only thought of, so nothing waits for the real one.
int sync_descriptor(int descriptor, long call) {
  auto* file = find(descriptor);
  if (file == nullptr) return static_cast<int>(syscall(call, descriptor));
  const Order order;
  const auto deed = arrive(file->folder ? CallClass::kSyncFolder : CallClass::kSyncFile, file->path);
  if (deed == Deed::kFail) {
    if (!file->folder) note(RecordKind::kLost, file->inode, 0);
    return -1;
  }
  int result = 0;
  if (!is_ignored(file->path)) {
    if (log_file < 0) result = static_cast<int>(syscall(call, descriptor));
    if (file->folder) {
      note(RecordKind::kSyncFolder, 0, 0, file->path);
    } else {
      note(RecordKind::kSync, file->inode, 0);
    }
  }
  leave(deed);
  return result;
}

int rename_path(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  const auto old_path = resolve(from_folder, from);
  const auto new_path = resolve(to_folder, to);
  const auto plain = [&] {
    return static_cast<int>(syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
  };
  if (old_path.empty() || new_path.empty()) return plain();
  const Order order;
  const auto deed = arrive(CallClass::kRename, new_path);
  if (deed == Deed::kFail) return -1;
  if (plain() != 0) return -1;
  const iovec target{const_cast<char*>(new_path.data()), new_path.size()};
  note(RecordKind::kRename, 0, 0, old_path, &target, 1, new_path.size());
  leave(deed);
  return 0;
}

int remove_path(int folder, const char* name, int flags) {
  const auto path = resolve(folder, name);
  const auto plain = [&] { return static_cast<int>(syscall(SYS_unlinkat, folder, name, flags)); };
  if (path.empty()) return plain();
  const Order order;
  const auto deed = arrive(CallClass::kRemove, path);
  if (deed == Deed::kFail) return -1;
  if (plain() != 0) return -1;
  note(RecordKind::kRemove, 0, 0, path);
  leave(deed);
  return 0;
}

int make_folder(int folder, const char* name, mode_t mode) {
  const auto path = resolve(folder, name);
  const auto plain = [&] { return static_cast<int>(syscall(SYS_mkdirat, folder, name, mode)); };
  if (path.empty()) return plain();
  const Order order;
  const auto deed = arrive(CallClass::kMakeFolder, path);
  if (deed == Deed::kFail) return -1;
  if (plain() != 0) return -1;
  struct stat status{};
  if (fstatat(folder, name, &status, 0) == 0) note(RecordKind::kMakeFolder, status.st_ino, 0, path);
  leave(deed);
  return 0;
}

template <class Call>
int resize(int descriptor, RecordKind kind, std::uint64_t size, const Call& call) {
  auto* file = find(descriptor);
  if (file == nullptr) return call();
  const Order order;
  const auto deed = arrive(CallClass::kResize, file->path);
  if (deed == Deed::kFail) return -1;
  if (call() != 0) return -1;
  note(kind, file->inode, size);
  leave(deed);
  return 0;
}

int resize_to(int descriptor, off_t size) {
  return resize(descriptor, RecordKind::kResize, static_cast<std::uint64_t>(size),
                [&] { return static_cast<int>(syscall(SYS_ftruncate, descriptor, size)); });
}

int allocate(int descriptor, int mode, off_t offset, off_t bytes) {
  const auto call = [&] { return static_cast<int>(syscall(SYS_fallocate, descriptor, mode, offset, bytes)); };
  // Holes and their like can't be logged; the engine does without them.
  if (find(descriptor) != nullptr && mode != 0) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return resize(descriptor, RecordKind::kGrow, static_cast<std::uint64_t>(offset + bytes), call);
}

mode_t mode_of(int flags, va_list& arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

#define ADIT_SHIM extern "C" __attribute__((visibility("default")))

ADIT_SHIM int open(const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(AT_FDCWD, name, flags, mode);
}
ADIT_SHIM int open64(const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(AT_FDCWD, name, flags, mode);
}
ADIT_SHIM int openat(int folder, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(folder, name, flags, mode);
}
ADIT_SHIM int openat64(int folder, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(folder, name, flags, mode);
}
ADIT_SHIM int creat(const char* name, mode_t mode) {
  return open_file(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
ADIT_SHIM int close(int descriptor) {
  if (descriptor >= 0 && descriptor < kFilesMax) files[static_cast<std::size_t>(descriptor)].known = false;
  return static_cast<int>(syscall(SYS_close, descriptor));
}

ADIT_SHIM ssize_t write(int descriptor, const void* bytes, size_t size) {
  const iovec part{const_cast<void*>(bytes), size};
  return write_parts(descriptor, &part, 1, -1);
}
ADIT_SHIM ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  const iovec part{const_cast<void*>(bytes), size};
  return write_parts(descriptor, &part, 1, offset);
}
ADIT_SHIM ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
  return pwrite(descriptor, bytes, size, offset);
}
ADIT_SHIM ssize_t writev(int descriptor, const iovec* parts, int count) {
  return write_parts(descriptor, parts, count, -1);
}
ADIT_SHIM ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
  return write_parts(descriptor, parts, count, offset);
}
ADIT_SHIM ssize_t pwritev64(int descriptor, const iovec* parts, int count, off64_t offset) {
  return write_parts(descriptor, parts, count, offset);
}
/// Copies within the kernel are refused, so that they are made by read and write.
ADIT_SHIM ssize_t sendfile(int to, int from, off_t* offset, size_t size) {
  if (find(to) != nullptr) {
    errno = EINVAL;
    return -1;
  }
  return syscall(SYS_sendfile, to, from, offset, size);
}
ADIT_SHIM ssize_t sendfile64(int to, int from, off64_t* offset, size_t size) {
  return sendfile(to, from, offset, size);
}
ADIT_SHIM ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size,
                                  unsigned flags) {
  if (find(to) != nullptr) {
    errno = EXDEV;
    return -1;
  }
  return syscall(SYS_copy_file_range, from, from_offset, to, to_offset, size, flags);
}

ADIT_SHIM int fsync(int descriptor) { return sync_descriptor(descriptor, SYS_fsync); }
ADIT_SHIM int fdatasync(int descriptor) { return sync_descriptor(descriptor, SYS_fdatasync); }

ADIT_SHIM int rename(const char* from, const char* to) {
  return rename_path(AT_FDCWD, from, AT_FDCWD, to, 0);
}
ADIT_SHIM int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return rename_path(from_folder, from, to_folder, to, 0);
}
ADIT_SHIM int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  return rename_path(from_folder, from, to_folder, to, flags);
}
ADIT_SHIM int unlink(const char* name) { return remove_path(AT_FDCWD, name, 0); }
ADIT_SHIM int unlinkat(int folder, const char* name, int flags) { return remove_path(folder, name, flags); }
ADIT_SHIM int rmdir(const char* name) { return remove_path(AT_FDCWD, name, AT_REMOVEDIR); }
ADIT_SHIM int remove(const char* name) {
  struct stat status{};
  if (fstatat(AT_FDCWD, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -1;
  return remove_path(AT_FDCWD, name, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
}
ADIT_SHIM int mkdir(const char* name, mode_t mode) { return make_folder(AT_FDCWD, name, mode); }
ADIT_SHIM int mkdirat(int folder, const char* name, mode_t mode) { return make_folder(folder, name, mode); }

ADIT_SHIM int ftruncate(int descriptor, off_t size) { return resize_to(descriptor, size); }
ADIT_SHIM int ftruncate64(int descriptor, off64_t size) { return resize_to(descriptor, size); }
ADIT_SHIM int fallocate(int descriptor, int mode, off_t offset, off_t bytes) {
  return allocate(descriptor, mode, offset, bytes);
}
ADIT_SHIM int fallocate64(int descriptor, int mode, off64_t offset, off64_t bytes) {
  return allocate(descriptor, mode, offset, bytes);
}

/// An engine's process gets no environment of its server: the shim goes along all the same.
ADIT_SHIM int posix_spawn(pid_t* pid, const char* program, const posix_spawn_file_actions_t* actions,
                          const posix_spawnattr_t* attributes, char* const arguments[],
                          char* const environment[]) {
  static const auto next = reinterpret_cast<decltype(&posix_spawn)>(dlsym(RTLD_NEXT, "posix_spawn"));
  if (control == nullptr) return next(pid, program, actions, attributes, arguments, environment);
  if (control->off) die();
  std::vector<std::string> added;
  for (const char* name : {"LD_PRELOAD", adit::test::kShimControlVariable}) {
    if (const char* value = std::getenv(name)) added.push_back(std::string(name) + "=" + value);
  }
  std::vector<char*> whole;
  for (auto* const* variable = environment; variable != nullptr && *variable != nullptr; ++variable)
    whole.push_back(*variable);
  for (auto& variable : added) whole.push_back(variable.data());
  whole.push_back(nullptr);
  return next(pid, program, actions, attributes, arguments, whole.data());
}
