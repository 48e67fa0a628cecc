// What is staged for a job: the columns of its staging table and the chunks whose rows are in it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "formats/column_types.h"
#include "model/chunk.h"
#include "model/table_name.h"
#include "warehouse/duckdb/held_rows.h"

namespace adit {

struct StagedColumn {
  std::string name;
  StoredType type;
  bool declared = false;   ///< by tableSchema: the type is fixed
  bool in_target = false;  ///< the table had it when staging began: it never becomes STRING
  bool undecided = false;  ///< no chunk had a value yet; its type is a placeholder
};

/// A chunk's staging mark, as it stands in the pool's file.
struct ChunkMark {
  ChunkId chunk;
  std::int64_t position = 0;
  ChunkOperation operation = ChunkOperation::kUpsert;
  std::uint64_t rows = 0;
  std::string file;                  ///< relative to the chunks' root
  std::vector<std::string> columns;  ///< that its file has, in the staging table's spelling
  std::vector<std::string> cut;      ///< those of them whose nanoseconds could not be read
};

struct JobStage {
  std::mutex mutex;  ///< one chunk at a time
  // Guarded by mutex:
  std::string schema;   ///< where the staging table stands: beside the table that it may become
  bool loaded = false;  ///< what the pool's file knows has been read
  bool table_exists = false;
  std::vector<StagedColumn> columns;        ///< without the change date and the hidden ones
  std::map<std::int64_t, ChunkMark> marks;  ///< by position
  std::map<std::int64_t, HeldRows>
      held;  ///< by position; not empty: all of the job's rows are here, in no table

  /// The staging table, whether or not there is one.
  TableName table(JobId job) const;
  StagedColumn* find(const std::string& name);
  /// For the job's logs: what of its files was not kept.
  std::vector<std::string> notes() const;
  /// Forgets all rows and columns that this object knows of.
  void clear();
};

/// As what the rows for a job's mirrors are staged. A mirror may have other types and spellings than the
/// target, so each has staged rows of its own, under an id made of the job's.
JobId mirror_stage_id(JobId job, std::size_t mirror);

/// The staging table of a job: a name that no client may use.
std::string stage_table_name(JobId job);
inline constexpr std::string_view kHiddenChunk = "__adit_chunk";
inline constexpr std::string_view kHiddenOperation = "__adit_op";

}  // namespace adit
