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

void JobStage::clear() {
  table_exists = false;
  columns.clear();
  marks.clear();
  held.clear();
}

std::string stage_table_name(JobId job) {
  auto hexadecimal = job.to_string();
  std::erase(hexadecimal, '-');
  return std::string(kReservedPrefix) + "stage_" + hexadecimal;
}

}  // namespace adit
