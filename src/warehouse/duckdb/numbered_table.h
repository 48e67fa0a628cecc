// NumberedTable: a table whose rows are told apart, and put into their order, by the number that the engine
// gives each: the pseudo-column `rowid`, which a column of that name hides.
#pragma once

#include <string>
#include <vector>

#include "warehouse/duckdb/engine.h"

namespace adit {

struct NumberedTable {
  std::string from;               ///< to be selected from
  std::string number = "rowid";   ///< the name of the rows' number in it
  std::string all_columns = "*";  ///< selects the table's columns under their names, and no more
};

/// `table` is quoted, with its schema. `names` are columns that it may have: unless there is a "rowid" among
/// them, the engine is not asked and the table stands for itself.
Result<NumberedTable> number_rows(Connection& connection, const std::string& table,
                                  const std::vector<std::string>& names);

}  // namespace adit
