// The types in which tables store values, and how they widen.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/table_schema.h"

namespace adit {

enum class TypeKind {
  kInteger,  ///< BIGINT
  kFloat,    ///< DOUBLE
  kDecimal,  ///< DECIMAL(width, scale)
  kBoolean,
  kDate,
  kTime,
  kDateTime,    ///< TIMESTAMP: microseconds, UTC
  kDateTimeNs,  ///< TIMESTAMP_NS, where the data has nanoseconds
  kString,      ///< VARCHAR
  kOther,       ///< any other type of the engine, by name; neither converted nor widened
};

struct StoredType {
  TypeKind kind = TypeKind::kString;
  int width = 0;        ///< kDecimal only
  int scale = 0;        ///< kDecimal only
  std::string other{};  ///< kOther only

  bool operator==(const StoredType&) const = default;
};

StoredType decimal_type(int width, int scale);

/// The engine's name: BIGINT, DECIMAL(18,2), …
std::string sql_name(const StoredType& type);
/// The type of a table's column by the engine's name of it.
StoredType stored_type(std::string_view sql_name);
/// The contract's word for messages: INTEGER, FLOAT, …
std::string client_name(const StoredType& type);

/// As what a declared column is stored.
StoredType stored_type(ColumnType declared);

/// In what a Parquet column of the engine's type `sql_name` is stored when nothing else is asked for.
StoredType natural_type(std::string_view sql_name);

enum class StringWidening {
  kAllowed,
  kForbidden,
  kOfKeys,  ///< allowed, and instead of one type for two kinds of numbers: `1` and `1.0` are two keys
};

/// The narrowest type that can hold the values of both; nullopt when there is none, or only STRING and that
/// is forbidden.
std::optional<StoredType> widened(const StoredType& a, const StoredType& b, StringWidening strings);

/// What a column of `stored` can become without being STRING, from narrow to wide.
std::vector<StoredType> wider_types(const StoredType& stored);

/// Where a column of `stored` goes after a value of type `found` did not fit exactly; never `stored` itself,
/// and repeated use ends. nullopt when no wider type is allowed.
std::optional<StoredType> widened_after_misfit(const StoredType& stored, const StoredType& found,
                                               StringWidening strings);

}  // namespace adit
