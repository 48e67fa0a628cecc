#include "warehouse/duckdb/chunk_select.h"

#include <algorithm>
#include <iterator>

#include "formats/names.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

ConversionNames names_of(const SourceColumn& source, std::size_t index) {
  const auto number = std::to_string(index);
  return {.reference = source.reference, .c = "c" + number, .t = "t" + number};
}

std::string misfit_value(const StoredType& type) {
  return "CAST(error('" + std::string(kMisfitWord) + "') AS " + sql_name(type) + ")";
}

TextRule rule_of(const StagedColumn& column, bool key) {
  if (column.declared) return TextRule::kLenient;
  if (column.in_target) return TextRule::kStrict;
  return key ? TextRule::kKey : TextRule::kGuessed;
}

/// Whether the text `c` is a value of `type`. As a condition of its own: nothing else computes its helper.
std::string text_fits(const std::string& c, const StoredType& type, TextRule rule) {
  const ConversionNames names{.reference = c, .c = c, .t = "TRY_CAST(" + c + " AS " + sql_name(type) + ")"};
  return "coalesce(" + text_conversion(names, type, rule).fits() + ", false)";
}

}  // namespace

std::vector<StoredType> text_candidates(const ChunkColumn& column) {
  std::vector<StoredType> types{{.kind = TypeKind::kInteger},
                                {.kind = TypeKind::kFloat},
                                {.kind = TypeKind::kBoolean},
                                {.kind = TypeKind::kDate},
                                {.kind = TypeKind::kDateTime}};
  // Elsewhere digits that no FLOAT holds are those of ids, and text.
  if (column.widens_table()) std::ranges::copy(wider_types(column.target.type), std::back_inserter(types));
  return types;
}

std::string timestamp_literal(Timestamp time) {
  return "make_timestamp(" + std::to_string(to_epoch_ms(time) * 1000) + ")";
}

ChunkSelect::ChunkSelect(const ChunkSource& source, const std::vector<StagedColumn>& columns,
                         const std::vector<std::string>& keys)
    : from_(source.from) {
  const bool text = source.dialect.has_value();
  for (const auto& column : source.columns) {
    const auto folded = fold_name(column.name);
    const auto target =
        std::ranges::find_if(columns, [&](const auto& c) { return fold_name(c.name) == folded; });
    if (target == columns.end()) continue;
    const auto names = names_of(column, columns_.size());
    const bool key = contains_name(keys, column.name);
    const auto rule = rule_of(*target, key);
    columns_.push_back({.source = column,
                        .target = *target,
                        .rule = rule,
                        .conversion = text ? text_conversion(names, target->type, rule)
                                           : native_conversion(names, column.engine_type, target->type, rule),
                        .text = text,
                        .key = key});
  }
}

std::string ChunkSelect::inner_select(const std::string& more) const {
  std::string sql = "SELECT " + more;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto number = std::to_string(i);
    const auto& conversion = columns_[i].conversion;
    if (i > 0) sql += ", ";
    sql += conversion.source + " AS c" + number;
    if (!conversion.helper.empty()) sql += ", " + conversion.helper + " AS t" + number;
  }
  return sql + " FROM " + from_;
}

std::string ChunkSelect::value_sql(std::size_t index) const {
  const auto& column = columns_[index];
  const auto c = "c" + std::to_string(index);
  const auto misfit = misfit_value(column.target.type);
  if (column.conversion.always_fits()) {
    const auto& value = column.conversion.branches[0].value;
    return column.key ? "CASE WHEN " + c + " IS NOT NULL THEN " + value + " ELSE " + misfit + " END" : value;
  }
  std::string sql = "CASE";
  for (const auto& branch : column.conversion.branches)
    sql += " WHEN " + branch.condition + " THEN " + branch.value;
  if (!column.key) sql += " WHEN " + c + " IS NULL THEN NULL";
  return sql + " ELSE " + misfit + " END";
}

std::vector<std::string> ChunkSelect::column_names(const RowConstants& constants) const {
  std::vector<std::string> names;
  for (const auto& column : columns_) names.push_back(column.target.name);
  names.emplace_back(kChangeDateColumn);
  if (constants.hidden) {
    names.emplace_back(kHiddenChunk);
    names.emplace_back(kHiddenOperation);
  }
  return names;
}

std::string ChunkSelect::rows_sql(const RowConstants& constants) const {
  std::string values;
  for (std::size_t i = 0; i < columns_.size(); ++i) values += value_sql(i) + ", ";
  values += timestamp_literal(constants.change_date);
  if (constants.hidden) {
    values += ", " + std::to_string(constants.hidden->position) + "::BIGINT" +
              (constants.hidden->operation == ChunkOperation::kDelete ? ", true" : ", false");
  }
  return "SELECT " + values + " FROM (" + inner_select("") + ")";
}

std::string ChunkSelect::insert_sql(const TableName& stage, const RowConstants& constants) const {
  std::string names;
  for (const auto& name : column_names(constants))
    names += (names.empty() ? "" : ", ") + quote_identifier(name);
  return "INSERT INTO " + quote_table(stage) + " (" + names + ") " + rows_sql(constants);
}

std::string ChunkSelect::misfit_condition(std::size_t index) const {
  const auto c = "c" + std::to_string(index);
  return c + " IS NOT NULL AND NOT coalesce(" + columns_[index].conversion.fits() + ", false)";
}

std::string ChunkSelect::profile_sql() const {
  std::string flags;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto c = "c" + std::to_string(i);
    const auto& column = columns_[i];
    flags += (i == 0 ? "coalesce(bool_or(" : ", coalesce(bool_or(") + misfit_condition(i) +
             "), false), coalesce(bool_or(" + c + " IS NULL), false), count(" + c + ") = 0";
    if (!column.text) continue;
    for (const auto& candidate : text_candidates(column)) {
      flags += ", coalesce(bool_and(" + text_fits(c, candidate, column.rule) + ") FILTER (WHERE " + c +
               " IS NOT NULL), false)";
    }
  }
  return "SELECT " + flags + " FROM (" + inner_select("") + ")";
}

std::string ChunkSelect::misfits_sql(std::size_t column, std::span<const StoredType> others,
                                     std::size_t limit) const {
  const auto c = "c" + std::to_string(column);
  auto condition = misfit_condition(column);
  for (const auto& type : others) condition += " AND NOT " + text_fits(c, type, columns_[column].rule);
  return "SELECT row_number, left(CAST(" + c + " AS VARCHAR), 201) FROM (" +
         inner_select("row_number() OVER () AS row_number, ") + ") WHERE " + condition + " LIMIT " +
         std::to_string(limit);
}

std::string ChunkSelect::null_keys_sql(std::size_t column, std::size_t limit) const {
  return "SELECT row_number, NULL::VARCHAR FROM (" + inner_select("row_number() OVER () AS row_number, ") +
         ") WHERE c" + std::to_string(column) + " IS NULL LIMIT " + std::to_string(limit);
}

}  // namespace adit
