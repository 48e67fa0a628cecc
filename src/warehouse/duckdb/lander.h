// Changes a table by what is staged for a job: one transaction, with the landing mark.
#pragma once

#include <string>
#include <vector>

#include "warehouse/duckdb/appender.h"
#include "warehouse/duckdb/interrupter.h"
#include "warehouse/duckdb/open_pool.h"
#include "warehouse/duckdb/upsert.h"

namespace adit {

/// What a landing does to the columns of an existing table, before it writes rows.
struct ColumnChanges {
  std::vector<std::string> statements;
  std::vector<std::string> notes;
  std::vector<ColumnInfo> columns;  ///< the table's, afterwards
};

/// Changes one table by what is staged for it, inside the landing's transaction (see landing_transaction.h).
/// The caller has locked the table and the JobStage, whose chunks are all staged. A short-lived object on one
/// thread; any failure of it means that the transaction must be rolled back.
class Lander {
 public:
  Lander(OpenPool& pool, Connection& connection, Activity& activity, const StagePlan& plan, JobStage& stage);

  /// Whether every staged column can go into the table as it is now, after widening the table at most. False:
  /// the chunks must be staged again, because the table has changed since. kInvalid: it is a view.
  Result<bool> staged_for_table();
  /// Why it was false, to the client: staging again did not help. Empty where only a name's spelling differs.
  const std::string& misfit() const { return misfit_; }

  /// After staged_for_table() was true. Returns the rows of the job that the table holds then: all of an
  /// append; where keys decide, one for each key whose last operation is no deletion. Adds to `notes`.
  /// kConflict: the same again, with a new Lander, may go through.
  Result<std::uint64_t> write(std::vector<std::string>& notes);
  /// To be called after the COMMIT.
  void committed();
  /// In its first spelling.
  const TableName& table() const { return target_; }

 private:
  bool swaps() const { return !target_exists_ || plan_.spec.type == JobType::kReplace; }
  Result<void> look_at_target();
  /// Counts staged texts that are longer than the client declared; they are kept whole.
  Result<void> note_long_texts(std::vector<std::string>& notes);
  Result<std::uint64_t> swap();
  Result<std::uint64_t> append(std::vector<std::string>& notes);
  bool held() const { return !stage_.held.empty(); }
  /// Whether the staging table can become the table. One that was renamed in a transaction is not written to
  /// by it again, which the engine might refuse at the COMMIT.
  bool renames() const { return !held() && !plan_.spec.post_execution_query; }
  bool declares_lengths() const;
  /// Whether held rows can go into the table as they are, with no look at them by SQL.
  bool lands_directly() const;
  /// Puts held rows into a temporary table that serves as the staging table.
  Result<void> tabulate_held();
  Result<void> drop_stage();
  Result<std::uint64_t> upsert(std::vector<std::string>& notes);
  /// kInvalid when the job's duplicateRemovalColumn is in no chunk.
  Result<UpsertTables> upsert_tables(std::vector<std::string> columns);
  Result<void> settle_columns();
  Result<std::uint64_t> rename_stage();
  Result<std::uint64_t> copy_stage();
  Result<std::uint64_t> reduce_and_swap();
  Result<void> change_columns(const ColumnChanges& changes);
  Result<ColumnChanges> column_changes();
  /// kInvalid when no type holds all values of both.
  Result<StoredType> widened_target(const ColumnInfo& column, const StagedColumn& staged);
  Result<bool> holds(const std::string& table, const std::string& column, const StoredType& from,
                     const StoredType& to);
  Result<void> execute(const std::string& sql);

  OpenPool& pool_;
  Connection& connection_;
  Activity& activity_;
  const StagePlan& plan_;
  JobStage& stage_;
  const std::vector<std::string> keys_;
  std::string stage_name_;   ///< quoted, with schema
  TableName target_;         ///< in its first spelling
  std::string target_name_;  ///< quoted, with schema
  bool target_exists_ = false;
  bool direct_ = false;  ///< see lands_directly()
  bool columns_change_ = false;
  bool lengths_change_ = false;  ///< some column has a declared length now
  std::vector<ColumnInfo> target_columns_;
  std::string misfit_;
};

}  // namespace adit
