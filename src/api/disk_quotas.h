// What answers say of a pool's disk.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

#include "model/disk_quota.h"

namespace adit {

boost::json::object disk_json(const DiskUse& use, std::uint64_t default_bytes_max);

}  // namespace adit
