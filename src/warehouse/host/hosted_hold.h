// A hold of a pool's files in the pool's process.
#pragma once

#include <memory>

#include "base/clock.h"
#include "warehouse/host/engine_host.h"
#include "warehouse/pool_registry.h"
#include "warehouse/warehouse.h"

namespace adit {

/// Errors as Warehouse::hold_files(). The hold ends with the process; then its end() says so.
Result<std::unique_ptr<FilesHold>> hold_hosted_files(PoolLease<EngineHost> host, const Clock& clock);

}  // namespace adit
