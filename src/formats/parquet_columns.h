// ParquetColumn: what a Parquet file's footer says of a column. Source: parquet.thrift of
// apache/parquet-format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace adit {

struct ParquetColumn {
  std::string name;      ///< as it stands in the file: any bytes, possibly none
  bool untyped = false;  ///< of the logical type Null: it holds no value
};

/// The columns of a whole file, in their order; columns within lists, maps and structs are parts of theirs.
/// kInvalid where the footer can't be read.
Result<std::vector<ParquetColumn>> parquet_columns(std::string_view file);

}  // namespace adit
