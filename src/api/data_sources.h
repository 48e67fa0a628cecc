// What the listings of tables need to know of data sources.
#pragma once

#include <string>

#include "model/pool.h"

namespace adit {

/// How clients are told which schema a table stands in: `<pool>` for global tables (`source` is null), else
/// `<pool>_<connection>`.
std::string schema_name(PoolId pool, const DataSource* source);

}  // namespace adit
