// The version of a data folder's form.
#pragma once

#include <optional>
#include <string>

#include "backup/data_layout.h"
#include "base/result.h"

namespace adit {

/// What this build reads and writes. It rises when files move, or when what is in them can no longer be read
/// by the version before, the engine's storage version included. The catalog's schema has a version of its
/// own beside it.
inline constexpr int kDataFormat = 1;

struct DataFormat {
  int number = kDataFormat;
  std::string written_by;  ///< a version of adit
};

/// Nothing for a folder without format.json, which is new or from before there was one. kInvalid when the
/// file can't be read.
Result<std::optional<DataFormat>> read_data_format(const DataLayout& layout);

/// kInvalid for a newer format than this build's, with what was found and what to do.
Result<void> check_data_format(const DataFormat& format, const std::string& where);

/// Before anything else of a folder is touched, under its lock: refuses a newer format and a restore that was
/// cut short, writes the present one where there is none. kInvalid.
Result<void> settle_data_format(const DataLayout& layout);

}  // namespace adit
