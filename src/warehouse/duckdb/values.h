// From the engine's vectors to Cells.
#pragma once

#include <duckdb.h>

#include <string>
#include <vector>

#include "warehouse/warehouse.h"

namespace adit {

/// Reads the values of one column, whatever its type. Made once per column and result.
///
/// Dates and times are ISO 8601 (TIMESTAMP `2024-01-31T12:00:00.123456`, the fraction only if it is not zero;
/// with time zone: UTC and `Z`), infinite ones `infinity` and `-infinity`; BLOB is Base64, BIT its digits,
/// INTERVAL an ISO 8601 duration; LIST, ARRAY, STRUCT, MAP and UNION are JSON text, a MAP being a list of
/// {"key","value"} and a UNION its value.
class ColumnReader {
 public:
  explicit ColumnReader(duckdb_logical_type type);

  /// False for types this reader knows nothing of; read() gives null for them.
  bool readable() const;
  /// The engine's name of the type, JSON for texts that hold JSON.
  const std::string& type_name() const { return type_name_; }
  Cell read(duckdb_vector vector, idx_t row) const;

 private:
  Cell read_nested(duckdb_vector vector, idx_t row) const;
  Cell read_enum(duckdb_vector vector, idx_t row) const;
  std::string read_time(duckdb_vector vector, idx_t row) const;
  std::string read_decimal(duckdb_vector vector, idx_t row) const;

  duckdb_type type_ = DUCKDB_TYPE_INVALID;
  std::string type_name_;
  duckdb_type internal_ = DUCKDB_TYPE_INVALID;  ///< of DECIMAL and ENUM
  unsigned scale_ = 0;
  idx_t array_size_ = 0;
  std::vector<std::string> words_;  ///< of ENUM: its values; of STRUCT and UNION: the members' names
  std::vector<ColumnReader> children_;
};

}  // namespace adit
