#include "warehouse/duckdb/job_stage.h"

#include <algorithm>
#include <set>

#include "formats/names.h"

namespace adit {

StagedColumn* JobStage::find(const std::string& name) {
  const auto folded = fold_name(name);
  const auto found =
      std::ranges::find_if(columns, [&](const auto& column) { return fold_name(column.name) == folded; });
  return found == columns.end() ? nullptr : &*found;
}

std::vector<std::string> JobStage::notes() const {
  std::set<std::string> cut;
  for (const auto& [position, mark] : marks) cut.insert(mark.cut.begin(), mark.cut.end());
  std::vector<std::string> notes;
  for (const auto& column : cut) {
    notes.push_back(
        "Column \"" + column +
        "\": its moments are in nanoseconds in the file and were read to the microsecond; digits "
        "below that, if any, were not kept. Moments without a time zone that are no INT96 keep them.");
  }
  return notes;
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
