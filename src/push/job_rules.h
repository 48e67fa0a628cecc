// What a job's description must obey beyond the types of its fields.
#pragma once

#include "base/result.h"
#include "model/job.h"

namespace adit {

/// kInvalid naming every field that can't be: the table's name, key columns, declared columns.
Result<void> check_job_spec(const JobSpec& spec);

/// kInvalid unless `column` can decide between rows of one key of such a job.
Result<void> check_duplicate_removal_column(const JobSpec& spec, const std::string& column);

}  // namespace adit
