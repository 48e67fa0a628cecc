#include "warehouse/duckdb/job_stage.h"

#include <algorithm>

#include "formats/names.h"

namespace adit {

StagedColumn* JobStage::find(const std::string& name) {
  const auto folded = fold_name(name);
  const auto found =
      std::ranges::find_if(columns, [&](const auto& column) { return fold_name(column.name) == folded; });
  return found == columns.end() ? nullptr : &*found;
}

TableName JobStage::table(JobId job) const { return {schema, stage_table_name(job)}; }

void JobStage::clear() {
  table_exists = false;
  columns.clear();
  marks.clear();
  held.clear();
}

JobId mirror_stage_id(JobId job, std::size_t mirror) {
  return JobId(Uuid::derive(job.uuid(), "mirror " + std::to_string(mirror)));
}

std::string stage_table_name(JobId job) {
  auto hexadecimal = job.to_string();
  std::erase(hexadecimal, '-');
  return std::string(kReservedPrefix) + "stage_" + hexadecimal;
}

}  // namespace adit
