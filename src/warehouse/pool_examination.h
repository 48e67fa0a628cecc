// A pool's files looked at from outside, without a server.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/ids.h"

namespace adit {

enum class PoolReading {
  kMarks,  ///< opens the file, reads its log and the landing marks
  kRows,   ///< reads all rows besides, so that each block is held against its checksum
};

/// What was found in a pool's files.
struct PoolExamination {
  bool in_use = false;                          ///< another process has them open: nothing was looked at
  std::vector<std::string> damage;              ///< a sentence each; nothing where all can be read
  bool marks_read = false;                      ///< `landed` is all that have landed
  std::unordered_map<JobId, Timestamp> landed;  ///< and when
};

/// Opens the files in `folder` for reading, in a process of their own, since a damaged file may end the
/// engine and with it the process. Changes nothing. Call it before there are threads. Errors are those of the
/// machine.
Result<PoolExamination> examine_pool(const std::filesystem::path& folder, PoolReading reading);

}  // namespace adit
