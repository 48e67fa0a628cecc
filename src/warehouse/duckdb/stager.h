// Turns the chunks of one job into rows of its staging table.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "warehouse/duckdb/chunk_select.h"
#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/misfits.h"
#include "warehouse/duckdb/open_pool.h"

namespace adit {

/// Stages one chunk of a job whose JobStage is locked by the caller. A short-lived object on one thread.
///
/// Types are guessed from the first rows, from the table or from the declared schema; every value is checked
/// while it is inserted. When one does not fit, the column is widened as far as the rules allow and whatever
/// was staged with the narrower type is staged again from the chunk files, so that texts keep their form.
class Stager {
 public:
  Stager(OpenPool& pool, Connection& connection, Activity& activity, const StagePlan& plan, JobStage& stage);

  /// What is staged from this chunk's place on, or of this chunk at another place, can't stay: rows stand in
  /// the order of the chunks. Then everything staged is thrown away first.
  Result<StagedChunk> stage(const ChunkFile& chunk);
  /// Forgets everything staged for the job.
  Result<void> discard();

 private:
  struct Rejected {
    std::vector<DataError> errors;
  };
  /// The types must change first.
  struct Widen {
    std::vector<StagedColumn> columns;
  };
  using Outcome = std::variant<std::uint64_t, Rejected, Widen>;

  Result<void> load();
  bool out_of_order(const ChunkFile& chunk) const;
  std::vector<StagedColumn> planned_columns(const ChunkSource& source) const;
  StagedColumn plan_column(const SourceColumn& column) const;
  /// Makes the staging table fit `columns`. Chunks that must be staged again because of it are appended to
  /// `stage_again`.
  Result<void> shape_table(const std::vector<StagedColumn>& columns, bool small_file,
                           std::vector<ChunkFile>& stage_again);
  Result<void> extend_table(const std::vector<StagedColumn>& columns);
  std::string create_sql(const std::vector<StagedColumn>& columns) const;
  /// Keeps a small chunk's rows in memory, if nothing speaks against it; false: it is a matter for the table.
  Result<bool> hold(const ChunkFile& chunk, const ChunkSource& source,
                    const std::vector<StagedColumn>& columns);
  /// Moves what is held into a staging table.
  Result<void> spill();
  /// Whether rows staged so far can stay as they are next to ones of `columns`.
  bool keeps_types(const std::vector<StagedColumn>& columns) const;
  bool may_hold(const ChunkFile& chunk, const std::vector<StagedColumn>& columns) const;
  ChunkMark mark_of(const ChunkFile& chunk, const ChunkSelect& select) const;
  RowConstants constants_of(const ChunkMark& mark) const;
  Result<Outcome> stage_once(const ChunkFile& chunk);
  Result<Outcome> stage_source(const ChunkFile& chunk, const ChunkSource& source);
  Result<std::variant<std::uint64_t, EngineFailure>> insert(const ChunkFile& chunk,
                                                            const ChunkSelect& select);
  /// Columns without any value so far: has this chunk brought one?
  Result<void> settle_undecided(const ChunkSelect& select, std::vector<StagedColumn>& columns);
  /// Why the chunk was not inserted; inserts it after all where another way of reading it is the answer.
  Result<Outcome> explain(const ChunkFile& chunk, const EngineFailure& failure, const ChunkSource& source,
                          const ChunkSelect& select);
  Result<Outcome> explain_misfits(const Diagnosis& diagnosis, const ChunkSource& source,
                                  const ChunkSelect& select);
  Result<Outcome> explain_unreadable(const ChunkFile& chunk, const EngineFailure& failure,
                                     const ChunkSource& source);
  /// Why a chunk can't be staged for which a column would have to be wider than `other`, an error of an
  /// earlier chunk, allows: its own values that do not fit the columns as `planned`.
  Result<std::vector<DataError>> explain_beside(const DataError& other, const ChunkSource& source,
                                                const std::vector<StagedColumn>& planned);
  /// What messages call the column's type: the table's, also where the job has widened it.
  StoredType named_type(const StagedColumn& column) const;
  bool has_values(const StagedColumn& column) const;
  ChunkFile file_of(const ChunkMark& mark) const;
  std::string relative(const std::filesystem::path& path) const;

  OpenPool& pool_;
  Connection& connection_;
  Activity& activity_;
  const StagePlan& plan_;
  JobStage& stage_;
  const std::vector<std::string> keys_;
  std::vector<ColumnInfo> target_;  ///< the columns of the table that a DELTA goes into
  std::set<std::string> widened_;   ///< by the chunk under way: a guess is replaced only once
  bool create_in_insert_ = false;
};

}  // namespace adit
