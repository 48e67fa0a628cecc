// The one transaction of a job's landing: its tables, its own SQL, its mark.
#pragma once

#include <vector>

#include "warehouse/duckdb/lander.h"

namespace adit {

/// What lands together: the target first, then the mirrors, each locked and staged by the caller, and each
/// fitting its table.
struct LandingParts {
  const StagePlan& plan;
  std::vector<Lander> tables;
};

/// All or nothing. kInvalid when the data or the job's postExecutionQuery can't be; kConflict: the same
/// again, with new Landers, may go through.
Result<Landing> land_together(OpenPool& pool, Connection& connection, Activity& activity, LandingParts parts,
                              Timestamp now);

}  // namespace adit
