// The columns a client declares for a table (TableTransport and ColumnTransport on the wire).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace adit {

/// The words a client may use for a column's type.
enum class ColumnType { kInteger, kDate, kTime, kDateTime, kFloat, kBoolean, kString };

std::string_view to_string(ColumnType type);
/// Reads the upper-case words of the contract: INTEGER, DATE, TIME, DATETIME, FLOAT, BOOLEAN, STRING.
std::optional<ColumnType> parse_column_type(std::string_view word);

struct ColumnSchema {
  std::string name;
  ColumnType type = ColumnType::kString;
  std::optional<std::int64_t> field_length{};  ///< characters; declared only, values are never cut
  std::optional<std::int64_t> decimals{};
  bool primary_key = false;

  bool operator==(const ColumnSchema&) const = default;
};

struct TableSchema {
  std::optional<std::string> table_name;
  std::vector<ColumnSchema> columns;

  bool operator==(const TableSchema&) const = default;
};

/// How the text of a CSV chunk is to be read. An absent option is detected from the chunk.
struct CsvOptions {
  std::optional<std::string> separator;  ///< 1 to 4 bytes
  std::optional<std::string> quote;      ///< 1 byte
  std::optional<std::string> escape;     ///< 1 byte

  bool operator==(const CsvOptions&) const = default;
};

}  // namespace adit
