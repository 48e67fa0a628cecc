// What a test and the shim in a server's processes share: orders and counts in a mapped file, and the format
// of the log of calls. The shim is preloaded (LD_PRELOAD) and stands between the C library and whoever
// changes files: adit, SQLite, the engine, the C++ library.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace adit::test {

/// Calls that change files, by what they do.
enum class CallClass : std::uint32_t {
  kCreate,      ///< open that may create or empty a file
  kWrite,       ///< write, pwrite, writev and their kin
  kSyncFile,    ///< fsync, fdatasync
  kSyncFolder,  ///< fsync of a folder
  kRename,
  kRemove,  ///< unlink, rmdir
  kResize,  ///< ftruncate, fallocate
  kMakeFolder,
  kAny,  ///< all of these; only in orders
};
constexpr std::size_t kCallClasses = 8;

/// What happens at a call. A kill stands for a power cut: all processes under the shim end at once.
enum class Deed : std::uint32_t {
  kNothing,
  kKillBefore,
  kKillAfter,
  kKillHalfway,  ///< of a write, half of it is done; of other calls as kKillAfter
  kFail,         ///< with ShimControl::error. A failed sync of a file drops what it was to write
  kWriteShort,   ///< of a write, half of it is done and said so; other calls are left alone
};

/// Lies in a file that every process maps. Texts are written while no process runs or no deed is ordered.
struct ShimControl {
  char folder[512];        ///< only files below this one count; absolute
  char log[512];           ///< calls are written down here; empty: they are not
  char ignored_sync[128];  ///< a planted fault: syncs of paths that contain this do nothing and succeed
  char where[128];         ///< the deed is for paths that contain this
  char spared_cut[128];    ///< and not for new sizes of files whose paths contain this
  pthread_mutex_t order;   ///< with a log: calls happen one after another, as they stand in it
  std::atomic<bool> off;   ///< the power is off: whoever comes next ends
  std::atomic<Deed> deed;
  std::atomic<CallClass> on;
  std::atomic<int> error;            ///< errno of kFail
  std::atomic<std::int64_t> before;  ///< matching calls that are left alone first
  std::atomic<std::int64_t> times;   ///< matching calls that are then done to; kills need one
  std::atomic<std::uint64_t> done;   ///< calls that it was done to
  std::array<std::atomic<std::uint64_t>, kCallClasses> counts;
};

enum class RecordKind : std::uint32_t {
  kCreate,      ///< path, inode; offset 1: emptied
  kWrite,       ///< inode, offset, data
  kResize,      ///< inode, offset: the size
  kGrow,        ///< inode, offset: the least size
  kSync,        ///< inode
  kLost,        ///< inode: a sync that failed
  kSyncFolder,  ///< path
  kRename,      ///< path; data: the new path
  kRemove,      ///< path
  kMakeFolder,  ///< path, inode
};

/// Followed by the path and the data, without a gap.
struct CallRecord {
  RecordKind kind{};
  std::uint32_t path_bytes = 0;
  std::uint64_t data_bytes = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
};

/// The environment variable that names the file of ShimControl.
constexpr const char* kShimControlVariable = "FAULT_SHIM";

}  // namespace adit::test
