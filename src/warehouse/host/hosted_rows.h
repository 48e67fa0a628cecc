// A stream of rows out of an engine's process.
#pragma once

#include <memory>
#include <stop_token>

#include "base/clock.h"
#include "warehouse/host/engine_host.h"
#include "warehouse/pool_registry.h"
#include "warehouse/warehouse.h"

namespace adit {

/// The next rows are asked for while the caller has the present ones in hand, so that both processes work at
/// the same time. The lease is kept until the stream ends.
Result<std::unique_ptr<RowStream>> open_hosted_rows(PoolLease<EngineHost> host, const Clock& clock,
                                                    const QueryRequest& request, std::stop_token stop);

}  // namespace adit
