// The pools that are open in this process.
#pragma once

#include "warehouse/duckdb/open_pool.h"
#include "warehouse/pool_registry.h"

namespace adit {

using OpenPoolRegistry = PoolRegistry<OpenPool>;
using OpenPoolLease = PoolLease<OpenPool>;

}  // namespace adit
