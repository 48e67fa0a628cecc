// The marks in a pool's `adit` schema: what has landed, what is staged.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/table_name.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/job_stage.h"
#include "warehouse/warehouse.h"

namespace adit {

/// The landing mark of a job, if there is one.
Result<std::optional<Landing>> find_landing(Connection& connection, JobId job);
/// Those of the jobs that have no landing mark, in the order given.
Result<std::vector<JobId>> find_unmarked(Connection& connection, std::span<const JobPlace> jobs);
/// Writes the mark inside the landing's transaction.
Result<void> insert_landing(Connection& connection, const Landing& landing, const TableName& table);

/// Reads what is staged for a job: its table's columns and its marks. Flags that come from the job's plan are
/// left false.
Result<void> load_job_stage(Connection& connection, JobId job, JobStage& stage);
/// Writes chunks' marks inside the transaction that staged them.
Result<void> insert_chunk_marks(Connection& connection, JobId job, std::span<const ChunkMark> marks,
                                const std::vector<StagedColumn>& columns);
/// SQL that removes all of a job's staging marks.
std::string delete_chunk_marks_sql(JobId job);

}  // namespace adit
