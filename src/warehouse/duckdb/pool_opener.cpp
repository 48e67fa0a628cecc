#include "warehouse/duckdb/pool_opener.h"

#include <array>

#include "base/log.h"
#include "warehouse/pool_files.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::expected<std::unique_ptr<OpenPool>, OpenFailure> open_or_set_aside(PoolId pool,
                                                                        const PoolSettings& settings,
                                                                        const Clock& clock) {
  // Checkpoints that were cut short leave the log under a second name beside the first.
  const auto file = settings.folder / "pool.db";
  const std::array<std::vector<fs::path>, 2> victims{
      std::vector<fs::path>{file.string() + ".wal", file.string() + ".wal.checkpoint",
                            file.string() + ".wal.recovery"},
      std::vector<fs::path>{file}};
  auto opened = OpenPool::open(pool, settings);
  bool made_anew = false;
  for (const auto& files : victims) {
    if (opened) break;
    log::error("warehouse.open_failed", {{"pool", pool}, {"reason", opened.error().error.internal_detail}});
    if (!opened.error().damage) break;
    bool any = false;
    for (const auto& victim : files) {
      const auto moved = set_aside(victim, clock.now());
      if (!moved) return std::unexpected(OpenFailure{moved.error()});
      any = any || moved->has_value();
      made_anew = made_anew || (moved->has_value() && victim == file);
    }
    if (any) opened = OpenPool::open(pool, settings);
  }
  if (opened && made_anew) {
    log::error(
        "warehouse.pool_made_anew",
        {{"pool", pool},
         {"missing", "all jobs whose chunk files have expired, also those that the history has forgotten"},
         {"help", "adit doctor tells of them; adit doctor --rebuild " + pool.to_string() +
                      " takes them from a backup"}});
  }
  return opened;
}

}  // namespace adit
