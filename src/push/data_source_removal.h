// The end of a data connection.
#pragma once

#include "catalog/catalog.h"
#include "warehouse/warehouse.h"

namespace adit {

/// A connection goes only when nothing would be lost with it: kConflict, naming what is in the way, while
/// jobs into it have not ended or tables stand in it. Its schema goes with it. kNotFound: somebody was
/// faster.
Result<void> remove_data_source(Catalog& catalog, Warehouse& warehouse, const DataSource& source);

}  // namespace adit
