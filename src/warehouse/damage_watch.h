// A Warehouse that tells which pools turned out damaged while they were read.
#pragma once

#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "warehouse/warehouse.h"

namespace adit {

/// Whether a message of the engine says that a pool's file is not what was written: a block that does not
/// have its checksum, or is not there.
bool speaks_of_damage(std::string_view engine_message);

/// Hands every call on to `warehouse` and looks at what fails. A pool whose failure speaks of damage is told
/// in the log once, with the command that rebuilds it, and counted in `adit_pools_damaged` until it is
/// removed or the process ends. Nothing is kept from it: other tables of it may be whole. Thread-safe as
/// `warehouse` is.
std::unique_ptr<Warehouse> watch_for_damage(std::unique_ptr<Warehouse> warehouse, Metrics& metrics);

}  // namespace adit
