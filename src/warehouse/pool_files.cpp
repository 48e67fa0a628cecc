#include "warehouse/pool_files.h"

#include <array>
#include <string>
#include <system_error>

#include "base/copy_file.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// A name that nothing has.
fs::path name_aside(const fs::path& file, Timestamp now) {
  const auto base = file.string() + ".damaged-" + std::to_string(to_epoch_ms(now));
  auto name = base;
  std::error_code ignored;
  for (int n = 2; fs::exists(name, ignored); ++n) name = base + "-" + std::to_string(n);
  return name;
}

}  // namespace

std::vector<fs::path> pool_files(const fs::path& folder) {
  std::vector<fs::path> files;
  // Checkpoints that were cut short leave the log under a second name beside the first.
  for (const auto* name : {kPoolLogName, "pool.db.wal.checkpoint", "pool.db.wal.recovery", kPoolFileName}) {
    std::error_code error;
    if (fs::exists(folder / name, error)) files.push_back(folder / name);
  }
  return files;
}

Result<std::optional<fs::path>> set_aside(const fs::path& file, Timestamp now) {
  std::error_code error;
  if (!fs::exists(file, error)) return std::optional<fs::path>();
  auto name = name_aside(file, now);
  fs::rename(file, name, error);
  if (error) return system_error(error.value(), "rename " + file.string());
  ADIT_CHECK(sync_folder(file.parent_path()));
  log::error("warehouse.file_set_aside", {{"file", name.string()}});
  return std::optional(std::move(name));
}

Result<std::vector<fs::path>> replace_pool_files(const fs::path& folder, const fs::path& main_file,
                                                 Timestamp now) {
  std::vector<fs::path> aside;
  const auto target = folder / kPoolFileName;
  for (const auto& file : pool_files(folder)) {
    if (file == target) {
      // Both names at once, so that at no moment there is no pool.db: a server would begin an empty one.
      aside.push_back(name_aside(file, now));
      ADIT_CHECK(link_or_copy(file, aside.back()));
      ADIT_CHECK(sync_folder(folder));
    } else {
      ADIT_TRY(auto name, set_aside(file, now));
      if (name) aside.push_back(*std::move(name));
    }
    failpoint("warehouse.replace.set_aside");
  }
  std::error_code error;
  fs::rename(main_file, target, error);
  if (error) return system_error(error.value(), "rename " + main_file.string());
  ADIT_CHECK(sync_folder(folder));
  failpoint("warehouse.replace.renamed");
  return aside;
}

}  // namespace adit
