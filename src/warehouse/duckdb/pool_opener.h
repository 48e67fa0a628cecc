// Opens a pool's file, whatever state it is in, without ever overwriting one.
#pragma once

#include <memory>

#include "base/clock.h"
#include "warehouse/duckdb/open_pool.h"

namespace adit {

/// A file that can't be opened because it is damaged is set aside under a new name: first its write-ahead
/// log, then the file itself. What is missing then must be landed again. kUnavailable, kStorageFull or
/// kInternal when it is not the file's fault.
std::expected<std::unique_ptr<OpenPool>, OpenFailure> open_or_set_aside(PoolId pool,
                                                                        const PoolSettings& settings,
                                                                        const Clock& clock);

}  // namespace adit
