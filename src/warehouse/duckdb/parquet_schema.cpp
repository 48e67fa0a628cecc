#include "warehouse/duckdb/parquet_schema.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "formats/names.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

constexpr std::int64_t kDecimalDigitsMax = 38;

/// Types behind which something may hide that must be known: a decimal of too many digits is DOUBLE; moments
/// may have had nanoseconds; what is nested may hold any of these.
bool needs_schema(const SourceColumn& column) {
  constexpr std::array<std::string_view, 8> kTypes{
      "DOUBLE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "LIST", "STRUCT", "MAP", "ARRAY", "UNION"};
  return std::ranges::find(kTypes, column.engine_type) != kTypes.end();
}

/// One element of the file's schema that belongs to a column, or is it.
struct SchemaElement {
  std::string type;  ///< physical; empty for a group
  std::string logical_type;
  std::optional<std::int64_t> precision;
};

/// Both are read to the microsecond: INT96, and nanoseconds since 1970 that are said to be UTC.
bool loses_nanoseconds(const SchemaElement& element) {
  if (element.type == "INT96") return true;
  return element.logical_type.starts_with("TimestampType(isAdjustedToUTC=1") &&
         element.logical_type.find("NANOS=NanoSeconds") != std::string::npos;
}

Result<void> amend(SourceColumn& column, const SchemaElement& element) {
  if (loses_nanoseconds(element)) column.cuts_nanoseconds = true;
  if (element.precision.value_or(0) > kDecimalDigitsMax) {
    return invalid("Column \"" + shorten(column.name, 100) + "\" is a decimal of " +
                   std::to_string(*element.precision) + " digits; at most " +
                   std::to_string(kDecimalDigitsMax) + " can be stored. Write it as a decimal of at most " +
                   std::to_string(kDecimalDigitsMax) + " digits, or as a string.");
  }
  return {};
}

}  // namespace

Result<void> consult_parquet_schema(Connection& connection, ChunkSource& source) {
  if (std::ranges::none_of(source.columns, needs_schema)) return {};
  ADIT_TRY(const auto elements, run(connection,
                                    "SELECT type, logical_type, precision, num_children "
                                    "FROM parquet_schema(" +
                                        quote_literal(source.path.string()) + ")"));
  // The schema is a tree, each element before its children: the root, then column by column.
  std::size_t begun = 0;
  std::int64_t open = 0;
  for (std::size_t row = 1; row < elements.size(); ++row) {
    if (open == 0) {
      ++begun;
      open = 1;
    }
    open += elements.integer(row, 3).value_or(0) - 1;
    if (begun > source.columns.size())
      return internal("a Parquet file has more columns than the engine reads");
    ADIT_CHECK(amend(source.columns[begun - 1], {.type = elements.text(row, 0).value_or(""),
                                                 .logical_type = elements.text(row, 1).value_or(""),
                                                 .precision = elements.integer(row, 2)}));
  }
  return {};
}

}  // namespace adit
