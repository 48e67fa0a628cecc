// Applies the staged rows of a keyed job to a table: the last operation per key decides.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/job_stage.h"
#include "warehouse/warehouse.h"

namespace adit {

struct UpsertTables {
  std::string stage;                 ///< quoted, with schema
  bool stage_is_held = false;        ///< made in this transaction, of held rows
  std::string target;                ///< quoted, with schema
  std::vector<std::string> keys;     ///< in the tables' spelling
  std::vector<std::string> columns;  ///< of the target, all of them
  /// Within a chunk the row of a key with the greatest value here decides; empty: the last one does.
  std::string greatest_of{};
};

/// Chunks that can be applied at once, because their order among each other is settled by the rows
/// themselves.
struct Segment {
  std::int64_t first = 0;  ///< positions, inclusive
  std::int64_t last = 0;
  std::vector<std::string> columns;  ///< that its rows bring; all others keep their values, or are null
  bool keeps_others = false;         ///< the columns not brought keep the old row's values
};

/// Groups the chunks. Normally it is one segment; where chunks bring different columns and old values are to
/// be kept, chunks of different columns or operations can't be reduced together.
std::vector<Segment> segments(const JobStage& stage, const std::vector<std::string>& target_columns,
                              UpsertStrategy strategy);

/// Whether a key stands in more than one staged row, or rows are to be deleted.
Result<bool> needs_reduction(Connection& connection, const JobStage& stage, const UpsertTables& tables);

/// SELECT of the staged rows that decide, one per key, deletions among them.
Result<std::string> deciding_rows(Connection& connection, const UpsertTables& tables,
                                  const std::string& where);

/// How many keys have a row at the end of the whole job: those whose last operation is no deletion.
Result<std::uint64_t> count_landed_keys(Connection& connection, const UpsertTables& tables);

/// Inside a transaction. The number of rows inserted.
Result<std::uint64_t> apply_segment(Connection& connection, const Activity& activity,
                                    const UpsertTables& tables, const Segment& segment, bool reduce);

std::string quoted_list(const std::vector<std::string>& names, const std::string& prefix = {});

}  // namespace adit
