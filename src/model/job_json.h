// The wire forms of jobs and chunks: DataPushJob and DataPushChunk of the push API.
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "base/result.h"
#include "model/chunk.h"
#include "model/job.h"

namespace adit {

/// Reads the body of a create request. kInvalid names every field that is missing, of the wrong type, or set
/// to something that this server does not do. `dataPoolId`, where given, must equal `pool`.
Result<JobSpec> job_spec_from_json(const boost::json::object& body, PoolId pool);

/// A DataPushJob as answers show it. `progress` is 0 to 1.
boost::json::object to_json(const Job& job, double progress);
/// A DataPushChunk as answers show it.
boost::json::object to_json(const Chunk& chunk);

}  // namespace adit
