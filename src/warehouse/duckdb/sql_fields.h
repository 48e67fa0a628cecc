// The kinds of nodes that json_serialize_sql() writes, and what stands in each of their attributes.
#pragma once

#include <span>
#include <string_view>

namespace adit {

enum class SqlPart {
  kData,         ///< names, flags, literals: anything in which no expression or table can hide
  kType,         ///< the type of a CAST, bound or not
  kExpression,   ///< an expression or null
  kExpressions,  ///< a list of them, or of lists or of part_fields() objects that hold them
  kTable,        ///< a table reference or null
  kQuery,        ///< a query node or null
  kQueries,      ///< a query node, a list of them, or null
  kStatement,    ///< an object with a query node inside
  kModifiers,    ///< ORDER BY, LIMIT, DISTINCT; one or a list
  kAbsent,       ///< must be null, false, or empty
  kDone,         ///< looked at by the code that handles this kind
};

struct SqlField {
  std::string_view name;
  SqlPart part;
};

/// The attributes that a kind may have; empty when the kind is unknown and so refused. Expressions are known
/// by their class, the others by their type.
std::span<const SqlField> expression_fields(std::string_view expression_class);
std::span<const SqlField> table_fields(std::string_view type);
std::span<const SqlField> query_fields(std::string_view type);
std::span<const SqlField> modifier_fields(std::string_view type);

/// The attributes that every kind of its sort has.
std::span<const SqlField> common_expression_fields();
std::span<const SqlField> common_table_fields();
std::span<const SqlField> common_query_fields();
/// Objects without a kind that stand in lists: branches of CASE, orders, replacements of `*`, columns of
/// PIVOT.
std::span<const SqlField> part_fields();

/// Whether an expression of this class may have this type.
bool is_known_expression_type(std::string_view expression_class, std::string_view type);

}  // namespace adit
