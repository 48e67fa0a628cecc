#include "warehouse/duckdb/wal_watch.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace adit {

WalWatch::WalWatch(const std::filesystem::path& database, FolderSync folder_sync)
    : log_(database.string() + ".wal"), folder_sync_(std::move(folder_sync)) {}

Result<void> WalWatch::sync_if_new() {
  struct statx status{};
  if (::statx(AT_FDCWD, log_.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) return {};
  const bool birth_known = (status.stx_mask & STATX_BTIME) != 0;
  const Identity identity{status.stx_ino, status.stx_btime.tv_sec, status.stx_btime.tv_nsec};
  if (birth_known && *synced_.lock() == identity) return {};
  ADIT_CHECK(folder_sync_(log_.parent_path()));
  *synced_.lock() = identity;
  return {};
}

std::uint64_t WalWatch::bytes() const {
  std::error_code error;
  const auto size = std::filesystem::file_size(log_, error);
  return error ? 0 : size;
}

}  // namespace adit
