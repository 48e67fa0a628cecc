#include "warehouse/duckdb/pool_opener.h"

#include <array>

#include "base/file.h"
#include "base/log.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// Renames to `<name>.damaged-<ms since the epoch>`, or with a number behind it if that is taken. False: no
/// such file.
Result<bool> set_aside(const fs::path& file, Timestamp now) {
  std::error_code error;
  if (!fs::exists(file, error)) return false;
  const auto base = file.string() + ".damaged-" + std::to_string(to_epoch_ms(now));
  auto name = base;
  for (int n = 2; fs::exists(name, error); ++n) name = base + "-" + std::to_string(n);
  fs::rename(file, name, error);
  if (error) return system_error(error.value(), "rename " + file.string());
  ADIT_CHECK(sync_folder(file.parent_path()));
  log::error("warehouse.file_set_aside", {{"file", name}});
  return true;
}

}  // namespace

std::vector<fs::path> pool_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto* name : {"pool.db.wal", "pool.db.wal.checkpoint", "pool.db.wal.recovery", "pool.db"}) {
    std::error_code error;
    if (fs::exists(folder / name, error)) files.push_back(folder / name);
  }
  return files;
}

Result<std::unique_ptr<OpenPool>> open_or_set_aside(PoolId pool, const PoolSettings& settings,
                                                    const Clock& clock) {
  // Checkpoints that were cut short leave the log under a second name beside the first.
  const auto file = settings.folder / "pool.db";
  const std::array<std::vector<fs::path>, 2> victims{
      std::vector<fs::path>{file.string() + ".wal", file.string() + ".wal.checkpoint",
                            file.string() + ".wal.recovery"},
      std::vector<fs::path>{file}};
  auto opened = OpenPool::open(pool, settings);
  for (const auto& files : victims) {
    if (opened) break;
    log::error("warehouse.open_failed", {{"pool", pool}, {"reason", opened.error().message}});
    if (!is_damage(opened.error())) break;
    bool any = false;
    for (const auto& victim : files) {
      ADIT_TRY(const bool moved, set_aside(victim, clock.now()));
      any = any || moved;
    }
    if (any) opened = OpenPool::open(pool, settings);
  }
  if (!opened) return to_error(opened.error());
  return std::move(*opened);
}

}  // namespace adit
