// A pool's files in its folder: pool.db, and the engine's log beside it under one or several names.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace adit {

inline constexpr const char* kPoolFileName = "pool.db";
inline constexpr const char* kPoolLogName = "pool.db.wal";

/// Those that there are, in the order in which they are to be copied: logs first, the main file last.
std::vector<std::filesystem::path> pool_files(const std::filesystem::path& folder);

/// Renames to `<name>.damaged-<ms since the epoch>`, or with a number behind it if that is taken, durably.
/// Returns the new name; nothing where there is no such file.
Result<std::optional<std::filesystem::path>> set_aside(const std::filesystem::path& file, Timestamp now);

/// Puts a pool's whole main file, which has been synced and is on the same volume, in place of the files in
/// `folder`, which get names as set_aside() gives them; returns those. A crash in between leaves the main
/// file that was there, perhaps without its log, or the new one: never none.
Result<std::vector<std::filesystem::path>> replace_pool_files(const std::filesystem::path& folder,
                                                              const std::filesystem::path& main_file,
                                                              Timestamp now);

}  // namespace adit
