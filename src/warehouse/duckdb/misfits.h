// Finds out what is wrong with a chunk that could not be staged. Slow passes over its file, on the error path
// only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "warehouse/duckdb/chunk_select.h"

namespace adit {

inline constexpr std::size_t kDataErrorsMax = 100;

/// A column with at least one value that does not fit its staged type.
struct Misfit {
  std::size_t column = 0;  ///< of ChunkSelect::columns()
  std::optional<StoredType>
      found;  ///< the narrowest type for this chunk's values; nullopt: none of them has a value
};

struct Diagnosis {
  std::vector<std::size_t> null_keys;
  std::vector<Misfit> misfits;
};

/// Fails as the engine does, where rows can't be read.
Tried<Diagnosis> diagnose(Connection& connection, const ChunkSelect& select);

/// Of a chunk as a whole.
DataError only_message(std::string message);

/// The rows with a null in a key column.
Result<std::vector<DataError>> describe_null_keys(Connection& connection, const ChunkSource& source,
                                                  const ChunkSelect& select,
                                                  const std::vector<std::size_t>& columns);
/// The rows whose value does not fit the column, which is of `type` for the client, and can't be made fit:
/// not those that a wider type would hold, unless there are no others.
Result<std::vector<DataError>> describe_misfits(Connection& connection, const ChunkSource& source,
                                                const ChunkSelect& select, std::size_t column,
                                                const StoredType& type);

/// What adit's own reader finds in a CSV file that the engine could not read.
struct CsvFindings {
  std::vector<DataError> errors;  ///< ragged rows, quotes, bytes that are not UTF-8, line ends
  bool mixed_line_ends = false;   ///< without errors: as with_mixed_line_ends() it can be read
};

CsvFindings examine_csv(const ChunkSource& source);

/// Whether the engine could read in silence what examine_csv() calls wrong: then its findings come first. A
/// quick look at the file's bytes.
bool hides_faults(const ChunkSource& source);

/// The columns that tableSchema declares as a type that the table's own can't be widened to.
std::vector<DataError> describe_other_types(const JobSpec& spec, const std::vector<ColumnInfo>& table);

}  // namespace adit
