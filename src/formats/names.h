// formats/ knows what clients' files and names look like: CSV dialects, types of values, names of tables and
// columns. It knows no engine, no jobs and no disk.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/table_name.h"

namespace adit {

/// Names that begin so, in any case, are the warehouse's own: staging tables and hidden columns.
inline constexpr std::string_view kReservedPrefix = "__adit_";

/// The column that every row of a pushed table carries.
inline constexpr std::string_view kChangeDateColumn = "_CELONIS_CHANGE_DATE";
/// In any case: a postExecutionQuery may have made it in another.
bool is_change_date(std::string_view name);

inline constexpr std::size_t kNameBytesMax = 255;

/// Full Unicode case folding: two names are the same exactly when their folded forms are. The input is UTF-8.
std::string fold_name(std::string_view name);

bool contains_name(const std::vector<std::string>& names, std::string_view name);

/// What names a table whatever the case: its folded schema and its folded name.
using TableKey = std::pair<std::string, std::string>;
TableKey fold_table(const TableName& table);

/// Whether the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view bytes);

/// Whether a folded or unfolded name begins with kReservedPrefix.
bool is_reserved_name(std::string_view name);

/// kInvalid with the reason unless `name` can be a table: not empty, at most kNameBytesMax bytes of UTF-8, no
/// NUL, not reserved. Anything else is a name: quotes, slashes, SQL, emoji.
Result<void> check_table_name(std::string_view name);

/// The same for a schema, which is what a data connection's tables stand in; the names that the engine or the
/// warehouse uses itself are refused as well, in any case.
Result<void> check_schema_name(std::string_view name);

/// The same for a column. `what` begins the message, e.g. "The file's column 3".
Result<void> check_column_name(std::string_view name, std::string_view what);

/// At most `bytes_max` bytes of `text`, cut at a character's edge, with "…" where something is missing; bytes
/// that are not UTF-8 become U+FFFD. For messages only.
std::string shorten(std::string_view text, std::size_t bytes_max);

/// `text` with U+FFFD for bytes that are not UTF-8. For messages only.
std::string as_utf8(std::string_view text);

}  // namespace adit
