// The SQL that reads one chunk into its job's staging table, and the SQL that says what does not fit.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "warehouse/duckdb/chunk_source.h"
#include "warehouse/duckdb/conversions.h"
#include "warehouse/duckdb/job_stage.h"

namespace adit {

/// One column of a chunk on its way into one column of the staging table.
struct ChunkColumn {
  SourceColumn source;
  StagedColumn target;
  TextRule rule = TextRule::kGuessed;
  Conversion conversion;
  bool text = false;  ///< CSV: its natural type is found only by looking at the values
  bool key = false;   ///< a null is an error

  /// Its type is the table's, and may become a wider one that is no STRING.
  bool widens_table() const { return target.in_target && !target.declared; }
  StringWidening string_widening() const {
    if (target.in_target || target.declared) return StringWidening::kForbidden;
    return text && key ? StringWidening::kOfKeys : StringWidening::kAllowed;
  }
};

/// What every row of a chunk carries beside its own values.
struct RowConstants {
  Timestamp change_date{};
  std::optional<ChunkMark> hidden;  ///< keyed jobs: position and operation
};

/// Failing statements carry this word in the engine's message: some value does not fit, or a key is null.
inline constexpr std::string_view kMisfitWord = "ADIT_MISFIT";

class ChunkSelect {
 public:
  ChunkSelect(const ChunkSource& source, const std::vector<StagedColumn>& columns,
              const std::vector<std::string>& keys);

  const std::vector<ChunkColumn>& columns() const { return columns_; }

  /// INSERT INTO the staging table; for keyed jobs with the hidden columns. Fails with kMisfitWord at the
  /// first bad value.
  std::string insert_sql(const TableName& stage, const RowConstants& constants) const;
  /// SELECT of the same values with the same failures; column_names() says what they are.
  std::string rows_sql(const RowConstants& constants) const;
  std::vector<std::string> column_names(const RowConstants& constants) const;

  /// One row with these booleans per column: some value does not fit; some value is null; there is no value;
  /// then, for text columns only, whether all values fit each of text_candidates() of the column.
  std::string profile_sql() const;
  static constexpr std::size_t kColumnFlags = 3;

  /// Rows (number from 1, value as text) in which the column does not fit, nor any of `others` would (text
  /// columns only), or a key is null.
  std::string misfits_sql(std::size_t column, std::span<const StoredType> others, std::size_t limit) const;
  std::string null_keys_sql(std::size_t column, std::size_t limit) const;

 private:
  std::string inner_select(const std::string& more) const;
  std::string value_sql(std::size_t column) const;
  std::string misfit_condition(std::size_t column) const;

  const std::string from_;
  std::vector<ChunkColumn> columns_;
};

/// The types that a text column's values are tried for, in this order.
std::vector<StoredType> text_candidates(const ChunkColumn& column);

std::string timestamp_literal(Timestamp time);

}  // namespace adit
