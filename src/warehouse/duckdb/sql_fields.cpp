#include "warehouse/duckdb/sql_fields.h"

#include <algorithm>
#include <array>

namespace adit {
namespace {

using enum SqlPart;

struct Kind {
  std::string_view name;
  std::span<const SqlField> fields;
};

constexpr SqlField kBetween[] = {{"input", kExpression}, {"lower", kExpression}, {"upper", kExpression}};
constexpr SqlField kCase[] = {{"case_checks", kExpressions}, {"else_expr", kExpression}};
constexpr SqlField kCast[] = {{"child", kExpression}, {"cast_type", kType}, {"try_cast", kData}};
constexpr SqlField kCollate[] = {{"child", kExpression}, {"collation", kData}};
constexpr SqlField kColumnRef[] = {{"column_names", kDone}};
constexpr SqlField kComparison[] = {{"left", kExpression}, {"right", kExpression}};
constexpr SqlField kConjunction[] = {{"children", kExpressions}};
constexpr SqlField kConstant[] = {{"value", kData}};
constexpr SqlField kFunction[] = {
    {"function_name", kDone},   {"schema", kData},       {"catalog", kData},
    {"children", kExpressions}, {"filter", kExpression}, {"order_bys", kModifiers},
    {"distinct", kData},        {"is_operator", kData},  {"export_state", kAbsent},
};
constexpr SqlField kLambda[] = {{"lhs", kExpression}, {"expr", kExpression}, {"syntax_type", kData}};
constexpr SqlField kOperator[] = {{"children", kExpressions}};
constexpr SqlField kPositional[] = {{"index", kData}};
constexpr SqlField kStar[] = {
    {"relation_name", kData}, {"exclude_list", kData}, {"replace_list", kExpressions},
    {"columns", kData},       {"expr", kExpression},   {"qualified_exclude_list", kData},
    {"rename_list", kData},   {"unpacked", kData},
};
constexpr SqlField kSubqueryExpression[] = {
    {"subquery_type", kData}, {"subquery", kDone}, {"child", kExpression}, {"comparison_type", kData}};
constexpr SqlField kWindow[] = {
    {"function_name", kDone},
    {"schema", kData},
    {"catalog", kData},
    {"children", kExpressions},
    {"partitions", kExpressions},
    {"orders", kExpressions},
    {"start", kData},
    {"end", kData},
    {"start_expr", kExpression},
    {"end_expr", kExpression},
    {"offset_expr", kExpression},
    {"default_expr", kExpression},
    {"ignore_nulls", kData},
    {"filter_expr", kExpression},
    {"exclude_clause", kData},
    {"distinct", kData},
    {"arg_orders", kExpressions},
};

// DEFAULT, PARAMETER and LAMBDA_REF are not here: queries have no use for them.
constexpr Kind kExpressionKinds[] = {
    {"BETWEEN", kBetween},
    {"CASE", kCase},
    {"CAST", kCast},
    {"COLLATE", kCollate},
    {"COLUMN_REF", kColumnRef},
    {"COMPARISON", kComparison},
    {"CONJUNCTION", kConjunction},
    {"CONSTANT", kConstant},
    {"FUNCTION", kFunction},
    {"LAMBDA", kLambda},
    {"OPERATOR", kOperator},
    {"POSITIONAL_REFERENCE", kPositional},
    {"STAR", kStar},
    {"SUBQUERY", kSubqueryExpression},
    {"WINDOW", kWindow},
};
constexpr SqlField kExpressionCommon[] = {
    {"class", kDone}, {"type", kDone}, {"alias", kData}, {"query_location", kData}};

constexpr SqlField kBaseTable[] = {
    {"schema_name", kDone},       {"table_name", kDone},  {"catalog_name", kDone},
    {"column_name_alias", kData}, {"at_clause", kAbsent},
};
constexpr SqlField kEmptyTable[] = {{"type", kDone}};
constexpr SqlField kExpressionList[] = {
    {"expected_names", kData}, {"expected_types", kData}, {"values", kExpressions}};
constexpr SqlField kJoin[] = {
    {"left", kTable},         {"right", kTable},      {"condition", kExpression},
    {"join_type", kData},     {"ref_type", kData},    {"using_columns", kData},
    {"delim_flipped", kData}, {"is_implicit", kData}, {"duplicate_eliminated_columns", kExpressions},
};
constexpr SqlField kPivot[] = {
    {"source", kTable}, {"aggregates", kExpressions}, {"unpivot_names", kData}, {"pivots", kExpressions},
    {"groups", kData},  {"column_name_alias", kData}, {"include_nulls", kData},
};
constexpr SqlField kShow[] = {{"query", kQuery},
                              {"show_type", kDone},
                              {"table_name", kAbsent},
                              {"catalog_name", kAbsent},
                              {"schema_name", kAbsent}};
constexpr SqlField kSubqueryTable[] = {{"subquery", kStatement}, {"column_name_alias", kData}};
constexpr SqlField kTableFunction[] = {
    {"function", kDone}, {"column_name_alias", kData}, {"with_ordinality", kData}};

constexpr Kind kTableKinds[] = {
    {"BASE_TABLE", kBaseTable},
    {"EMPTY", kEmptyTable},
    {"EXPRESSION_LIST", kExpressionList},
    {"JOIN", kJoin},
    {"PIVOT", kPivot},
    {"SHOW_REF", kShow},
    {"SUBQUERY", kSubqueryTable},
    {"TABLE_FUNCTION", kTableFunction},
};
constexpr SqlField kTableCommon[] = {
    {"type", kDone}, {"alias", kData}, {"sample", kData}, {"query_location", kData}};

constexpr SqlField kSelectNode[] = {
    {"select_list", kDone},        {"from_table", kDone},
    {"where_clause", kExpression}, {"group_expressions", kExpressions},
    {"group_sets", kData},         {"aggregate_handling", kData},
    {"having", kExpression},       {"sample", kData},
    {"qualify", kExpression},
};
// The engine writes two sides or a list of children, whichever its storage version knows.
constexpr SqlField kSetOperation[] = {{"setop_type", kData},
                                      {"setop_all", kData},
                                      {"left", kQueries},
                                      {"right", kQueries},
                                      {"children", kQueries}};
constexpr SqlField kRecursive[] = {{"cte_name", kDone}, {"union_all", kData}, {"left", kDone},
                                   {"right", kDone},    {"aliases", kData},   {"key_targets", kExpressions}};

constexpr Kind kQueryKinds[] = {
    {"SELECT_NODE", kSelectNode}, {"SET_OPERATION_NODE", kSetOperation}, {"RECURSIVE_CTE_NODE", kRecursive}};
constexpr SqlField kQueryCommon[] = {{"type", kDone}, {"modifiers", kModifiers}, {"cte_map", kDone}};

constexpr SqlField kLimit[] = {{"type", kDone}, {"limit", kExpression}, {"offset", kExpression}};
constexpr SqlField kOrder[] = {{"type", kDone}, {"orders", kExpressions}};
constexpr SqlField kDistinct[] = {{"type", kDone}, {"distinct_on_targets", kExpressions}};

constexpr Kind kModifierKinds[] = {{"LIMIT_MODIFIER", kLimit},
                                   {"LIMIT_PERCENT_MODIFIER", kLimit},
                                   {"ORDER_MODIFIER", kOrder},
                                   {"DISTINCT_MODIFIER", kDistinct}};

constexpr SqlField kParts[] = {
    {"when_expr", kExpression},
    {"then_expr", kExpression},
    {"key", kData},
    {"value", kExpression},
    {"type", kData},
    {"null_order", kData},
    {"expression", kExpression},
    {"pivot_expressions", kExpressions},
    {"unpivot_names", kData},
    {"entries", kExpressions},
    {"values", kData},
    {"star_expr", kExpression},
    {"alias", kData},
    {"pivot_enum", kAbsent},
};

constexpr auto kOperatorTypes = std::to_array<std::string_view>({
    "ARRAY_CONSTRUCTOR",
    "ARRAY_EXTRACT",
    "ARRAY_SLICE",
    "ARROW",
    "COMPARE_IN",
    "COMPARE_NOT_IN",
    "GROUPING_FUNCTION",
    "OPERATOR_COALESCE",
    "OPERATOR_IS_NOT_NULL",
    "OPERATOR_IS_NULL",
    "OPERATOR_NOT",
    "OPERATOR_NULLIF",
    "OPERATOR_TRY",
    "OPERATOR_UNPACK",
    "STRUCT_EXTRACT",
});

std::span<const SqlField> find(std::span<const Kind> kinds, std::string_view name) {
  const auto found = std::ranges::find(kinds, name, &Kind::name);
  return found == kinds.end() ? std::span<const SqlField>() : found->fields;
}

}  // namespace

std::span<const SqlField> expression_fields(std::string_view expression_class) {
  return find(kExpressionKinds, expression_class);
}
std::span<const SqlField> table_fields(std::string_view type) { return find(kTableKinds, type); }
std::span<const SqlField> query_fields(std::string_view type) { return find(kQueryKinds, type); }
std::span<const SqlField> modifier_fields(std::string_view type) { return find(kModifierKinds, type); }

std::span<const SqlField> common_expression_fields() { return kExpressionCommon; }
std::span<const SqlField> common_table_fields() { return kTableCommon; }
std::span<const SqlField> common_query_fields() { return kQueryCommon; }
std::span<const SqlField> part_fields() { return kParts; }

bool is_known_expression_type(std::string_view expression_class, std::string_view type) {
  if (expression_class == "OPERATOR") return std::ranges::binary_search(kOperatorTypes, type);
  if (expression_class == "COMPARISON" || expression_class == "BETWEEN") return type.starts_with("COMPARE_");
  if (expression_class == "WINDOW") return type.starts_with("WINDOW_");
  if (expression_class == "CONJUNCTION") return type.starts_with("CONJUNCTION_");
  if (expression_class == "CASE") return type == "CASE_EXPR";
  if (expression_class == "CAST") return type == "OPERATOR_CAST";
  if (expression_class == "CONSTANT") return type == "VALUE_CONSTANT";
  return type == expression_class;
}

}  // namespace adit
