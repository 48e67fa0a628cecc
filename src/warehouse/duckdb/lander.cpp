#include "warehouse/duckdb/lander.h"

#include <algorithm>

#include "formats/names.h"
#include "warehouse/duckdb/declared_lengths.h"
#include "warehouse/duckdb/exact_cast.h"
#include "warehouse/duckdb/marks.h"
#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/table_columns.h"
#include "warehouse/duckdb/upsert.h"

namespace adit {
namespace {

std::vector<std::string> names_of(const std::vector<ColumnInfo>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

std::vector<std::string> names_of(const std::vector<StagedColumn>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  names.emplace_back(kChangeDateColumn);
  return names;
}

/// Column definitions for a table of held rows. Columns in which no value was found are STRING: any later
/// value fits into them.
std::string settled_columns(const JobStage& stage) {
  std::string list;
  for (const auto& column : stage.columns)
    list +=
        quote_identifier(column.name) + " " + (column.undecided ? "VARCHAR" : sql_name(column.type)) + ", ";
  return list + quote_identifier(kChangeDateColumn) + " TIMESTAMP";
}

/// For values that are known to stay exact.
std::string retype_sql(const std::string& table, const std::string& column, const StoredType& from,
                       const StoredType& to) {
  const auto name = quote_identifier(column);
  const auto sql = "ALTER TABLE " + table + " ALTER COLUMN " + name + " TYPE " + sql_name(to);
  const bool rounds = from.kind == TypeKind::kFloat || from.kind == TypeKind::kDecimal;
  return rounds ? sql + " USING " + exact_cast(name, from, to) : sql;
}

/// Both kinds of DATETIME have one name in messages; here they are two.
std::string long_name(const StoredType& type) {
  return type.kind == TypeKind::kDateTimeNs ? "DATETIME with nanoseconds" : client_name(type);
}

/// Keys in the spelling of the staging table.
std::vector<std::string> staged_keys(JobStage& stage, const std::vector<std::string>& keys) {
  std::vector<std::string> names;
  for (const auto& key : keys) {
    if (const auto* column = stage.find(key)) names.push_back(column->name);
  }
  return names;
}

}  // namespace

Lander::Lander(OpenPool& pool, Connection& connection, Activity& activity, const StagePlan& plan,
               JobStage& stage)
    : pool_(pool),
      connection_(connection),
      activity_(activity),
      plan_(plan),
      stage_(stage),
      keys_(staged_keys(stage, plan.spec.matching_keys())),
      stage_name_(quote_table(stage.table(plan.job))) {}

Result<void> Lander::execute(const std::string& sql) {
  ADIT_CHECK(activity_.check());
  ADIT_CHECK(run(connection_, sql));
  return {};
}

Result<void> Lander::look_at_target() {
  const auto known = pool_.table(plan_.spec.target());
  if (known && known->view) {
    return invalid("\"" + known->name.name + "\" is a view. Push into a table, or drop the view first.");
  }
  target_ = known ? known->name : TableName{stage_.schema, plan_.spec.target_name};
  target_name_ = quote_table(target_);
  target_exists_ = known.has_value();
  if (!known) return {};
  ADIT_TRY(target_columns_, pool_.columns(connection_, *known));
  return {};
}

Result<bool> Lander::staged_for_table() {
  ADIT_CHECK(look_at_target());
  if (swaps()) return true;
  for (const auto& column : stage_.columns) {
    const auto* existing = find_column(target_columns_, column.name);
    if (existing == nullptr || column.undecided) continue;
    if (existing->name != column.name) return false;  // staged before the table gave the column its spelling
    const auto type = stored_type(existing->type);
    if (type == column.type) continue;
    const auto wider = widened(type, column.type, StringWidening::kForbidden);
    if (wider && *wider == column.type) continue;
    misfit_ = "Column \"" + existing->name + "\": the table has it as " + long_name(type) +
              ", the job brings " + long_name(column.type) +
              ", and the one can't be widened to the other. Replace the table with a REPLACE job.";
    return false;
  }
  return true;
}

Result<std::uint64_t> Lander::write(std::vector<std::string>& notes) {
  // Fewer of them would take rows for the same that differ.
  if (keys_.size() != plan_.spec.matching_keys().size()) return internal("a key column is not staged");
  std::ranges::move(stage_.notes(), std::back_inserter(notes));
  direct_ = held() && lands_directly();
  if (held() && !direct_) ADIT_CHECK(tabulate_held());
  ADIT_CHECK(note_long_texts(notes));
  ADIT_TRY(const auto rows, swaps() ? swap() : keys_.empty() ? append(notes) : upsert(notes));
  ADIT_TRY(lengths_change_, remember_declared_lengths(connection_, plan_.spec, target_, stage_.columns,
                                                      swaps(), pool_.has_declared_lengths()));
  if (stage_.table_exists) ADIT_CHECK(run(connection_, delete_chunk_marks_sql(plan_.job)));
  return rows;
}

void Lander::committed() {
  if (columns_change_) pool_.set_table(target_);
  if (lengths_change_) pool_.set_declared_lengths();
}

bool Lander::declares_lengths() const {
  const auto& spec = plan_.spec;
  if (spec.fallback_varchar_length) return true;
  return spec.table_schema && std::ranges::any_of(spec.table_schema->columns, [](const auto& column) {
           return column.field_length.has_value();
         });
}

bool Lander::lands_directly() const {
  if (!keys_.empty() || declares_lengths()) return false;
  if (swaps()) return true;
  // Held rows are appended by the names of their columns to the letter.
  const auto* date = find_column(target_columns_, std::string(kChangeDateColumn));
  if (date != nullptr && date->name != kChangeDateColumn) return false;
  return std::ranges::all_of(stage_.columns, [&](const auto& column) {
    const auto* existing = find_column(target_columns_, column.name);
    return existing == nullptr || column.undecided || stored_type(existing->type) == column.type;
  });
}

Result<void> Lander::tabulate_held() {
  const auto table = stage_table_name(plan_.job);
  stage_name_ = "temp.main." + quote_identifier(table);
  auto columns = settled_columns(stage_);
  if (!keys_.empty()) {
    columns += ", " + std::string(kHiddenChunk) + " BIGINT, " + std::string(kHiddenOperation) + " BOOLEAN";
  }
  ADIT_CHECK(execute("CREATE TEMP TABLE " + quote_identifier(table) + " (" + columns + ")"));
  ADIT_TRY(const auto rows,
           append_held(connection_, {.catalog = "temp", .table = {.name = table}}, stage_.held));
  static_cast<void>(rows);
  return {};
}

Result<void> Lander::note_long_texts(std::vector<std::string>& notes) {
  for (const auto& column : stage_.columns) {
    if (column.type.kind != TypeKind::kString) continue;
    const auto length = declared_length(plan_.spec, column.name);
    if (!length) continue;
    ADIT_CHECK(activity_.check());
    const auto text = "length(" + quote_identifier(column.name) + ")";
    ADIT_TRY(const auto found, run(connection_, "SELECT count(*), max(" + text + ") FROM " + stage_name_ +
                                                    " WHERE " + text + " > " + std::to_string(*length)));
    const auto count = found.integer(0, 0).value_or(0);
    if (count == 0) continue;
    notes.push_back("Column \"" + column.name + "\": " + std::to_string(count) +
                    " value(s) are longer than the declared " + std::to_string(*length) +
                    " characters, the longest has " + std::to_string(found.integer(0, 1).value_or(0)) +
                    ". They were kept whole.");
  }
  return {};
}

Result<std::uint64_t> Lander::swap() {
  columns_change_ = true;
  if (direct_) {
    ADIT_CHECK(execute("DROP TABLE IF EXISTS " + target_name_));
    ADIT_CHECK(execute("CREATE TABLE " + target_name_ + " (" + settled_columns(stage_) + ")"));
    return append_held(connection_, {.table = target_}, stage_.held);
  }
  ADIT_CHECK(settle_columns());
  if (keys_.empty()) return renames() ? rename_stage() : copy_stage();
  ADIT_TRY(const auto tables, upsert_tables(names_of(stage_.columns)));
  ADIT_TRY(const bool reduce, needs_reduction(connection_, stage_, tables));
  if (reduce) return reduce_and_swap();
  if (!renames()) return copy_stage();
  ADIT_CHECK(execute("ALTER TABLE " + stage_name_ + " DROP COLUMN " + std::string(kHiddenChunk)));
  ADIT_CHECK(execute("ALTER TABLE " + stage_name_ + " DROP COLUMN " + std::string(kHiddenOperation)));
  return rename_stage();
}

Result<UpsertTables> Lander::upsert_tables(std::vector<std::string> columns) {
  UpsertTables tables{stage_name_, held(), target_name_, keys_, std::move(columns), {}};
  const auto& wanted = plan_.spec.duplicate_removal_column;
  if (!wanted) return tables;
  const auto* column = stage_.find(*wanted);
  const auto brings = [&](const auto& entry) {
    return column != nullptr && entry.second.operation == ChunkOperation::kUpsert &&
           std::ranges::find(entry.second.columns, column->name) != entry.second.columns.end();
  };
  const bool only_deletes = std::ranges::all_of(
      stage_.marks, [](const auto& entry) { return entry.second.operation == ChunkOperation::kDelete; });
  if (only_deletes) return tables;
  if (std::ranges::none_of(stage_.marks, brings)) {
    return invalid("duplicateRemovalColumn: no chunk of the job has a column \"" +
                   shorten(*wanted, kNameBytesMax) + "\".");
  }
  tables.greatest_of = column->name;
  return tables;
}

/// Columns in which no value was found are STRING: any later value fits into them.
Result<void> Lander::settle_columns() {
  if (held()) return {};
  for (auto& column : stage_.columns) {
    if (!column.undecided) continue;
    ADIT_CHECK(execute("ALTER TABLE " + stage_name_ + " ALTER COLUMN " + quote_identifier(column.name) +
                       " TYPE VARCHAR"));
  }
  return {};
}

Result<std::uint64_t> Lander::rename_stage() {
  ADIT_CHECK(execute("DROP TABLE IF EXISTS " + target_name_));
  ADIT_CHECK(execute("ALTER TABLE " + stage_name_ + " RENAME TO " + quote_identifier(target_.name)));
  std::uint64_t rows = 0;
  for (const auto& [position, mark] : stage_.marks) rows += mark.rows;
  return rows;
}

Result<std::uint64_t> Lander::copy_stage() {
  ADIT_CHECK(execute("DROP TABLE IF EXISTS " + target_name_));
  ADIT_TRY(const auto made,
           run(connection_, "CREATE TABLE " + target_name_ + " AS SELECT " +
                                quoted_list(names_of(stage_.columns)) + " FROM " + stage_name_));
  ADIT_CHECK(drop_stage());
  return static_cast<std::uint64_t>(made.integer(0, 0).value_or(0));
}

Result<void> Lander::drop_stage() { return execute("DROP TABLE " + stage_name_); }

Result<std::uint64_t> Lander::reduce_and_swap() {
  ADIT_TRY(const auto tables, upsert_tables(names_of(stage_.columns)));
  const auto parts = segments(stage_, tables.columns, plan_.spec.upsert_strategy);
  ADIT_CHECK(execute("DROP TABLE IF EXISTS " + target_name_));
  std::uint64_t rows = 0;
  if (parts.size() == 1 && !parts[0].keeps_others) {
    ADIT_TRY(const auto deciding, deciding_rows(connection_, tables, ""));
    ADIT_TRY(const auto made,
             run(connection_, "CREATE TABLE " + target_name_ + " AS SELECT " + quoted_list(tables.columns) +
                                  " FROM (" + deciding + ") WHERE NOT __adit_op"));
    rows = static_cast<std::uint64_t>(made.integer(0, 0).value_or(0));
  } else {
    ADIT_CHECK(execute("CREATE TABLE " + target_name_ + " AS SELECT " + quoted_list(tables.columns) +
                       " FROM " + stage_name_ + " LIMIT 0"));
    for (const auto& part : parts) ADIT_CHECK(apply_segment(connection_, activity_, tables, part, true));
    ADIT_TRY(const auto counted, run(connection_, "SELECT count(*) FROM " + target_name_));
    rows = static_cast<std::uint64_t>(counted.integer(0, 0).value_or(0));
  }
  ADIT_CHECK(drop_stage());
  return rows;
}

Result<std::uint64_t> Lander::append(std::vector<std::string>& notes) {
  ADIT_TRY(auto changes, column_changes());
  ADIT_CHECK(change_columns(changes));
  if (direct_) {
    std::ranges::move(changes.notes, std::back_inserter(notes));
    return append_held(connection_, {.table = target_}, stage_.held);
  }
  const auto columns = quoted_list(names_of(stage_.columns));
  ADIT_TRY(auto inserted, run(connection_, "INSERT INTO " + target_name_ + " (" + columns + ") SELECT " +
                                               columns + " FROM " + stage_name_));
  ADIT_CHECK(drop_stage());
  std::ranges::move(changes.notes, std::back_inserter(notes));
  return inserted.changed();
}

Result<std::uint64_t> Lander::upsert(std::vector<std::string>& notes) {
  ADIT_TRY(auto changes, column_changes());
  ADIT_CHECK(change_columns(changes));
  ADIT_TRY(auto tables, upsert_tables(names_of(changes.columns)));
  const auto parts = segments(stage_, tables.columns, plan_.spec.upsert_strategy);
  // Columns that only the table has are null in rows that are not filled from old ones.
  std::erase_if(tables.columns,
                [&](const auto& name) { return !is_change_date(name) && stage_.find(name) == nullptr; });
  ADIT_TRY(const bool reduce, needs_reduction(connection_, stage_, tables));
  std::uint64_t rows = 0;
  for (const auto& part : parts) {
    auto part_tables = tables;
    if (part.keeps_others) part_tables.columns = names_of(changes.columns);
    ADIT_TRY(const auto inserted,
             apply_segment(connection_, activity_, part_tables, part, reduce || parts.size() > 1));
    rows += inserted;
  }
  // A later segment may write or delete the rows of an earlier one again.
  if (parts.size() > 1) {
    ADIT_TRY(rows, count_landed_keys(connection_, tables));
  }
  ADIT_CHECK(drop_stage());
  std::ranges::move(changes.notes, std::back_inserter(notes));
  return rows;
}

Result<void> Lander::change_columns(const ColumnChanges& changes) {
  columns_change_ = !changes.statements.empty();
  for (const auto& statement : changes.statements) ADIT_CHECK(execute(statement));
  return {};
}

Result<ColumnChanges> Lander::column_changes() {
  ColumnChanges changes;
  changes.columns = target_columns_;
  const auto alter = "ALTER TABLE " + target_name_;
  if (find_column(target_columns_, std::string(kChangeDateColumn)) == nullptr) {
    changes.statements.push_back(alter + " ADD COLUMN " + quote_identifier(kChangeDateColumn) + " TIMESTAMP");
    changes.columns.push_back({std::string(kChangeDateColumn), "TIMESTAMP"});
  }
  for (const auto& staged : stage_.columns) {
    const auto* existing = find_column(target_columns_, staged.name);
    if (existing == nullptr) {
      const auto type = staged.undecided ? StoredType{.kind = TypeKind::kString} : staged.type;
      changes.statements.push_back(alter + " ADD COLUMN " + quote_identifier(staged.name) + " " +
                                   sql_name(type));
      changes.notes.push_back("Column \"" + staged.name + "\" was added as " + client_name(type) + ".");
      changes.columns.push_back({staged.name, sql_name(type)});
      continue;
    }
    const auto type = stored_type(existing->type);
    if (type == staged.type || staged.undecided) continue;
    ADIT_TRY(const auto wider, widened_target(*existing, staged));
    if (wider != staged.type)
      changes.statements.push_back(retype_sql(stage_name_, staged.name, staged.type, wider));
    if (wider == type) continue;
    changes.statements.push_back(retype_sql(target_name_, existing->name, type, wider));
    changes.notes.push_back("Column \"" + existing->name + "\" was widened from " + client_name(type) +
                            " to " + client_name(wider) + ".");
  }
  return changes;
}

/// The staged type, unless the table's own values would not stay exact in it: then one that holds all values
/// of both.
Result<StoredType> Lander::widened_target(const ColumnInfo& column, const StagedColumn& staged) {
  const auto type = stored_type(column.type);
  ADIT_TRY(const bool fits, holds(target_name_, column.name, type, staged.type));
  if (fits) return staged.type;
  for (const auto& candidate : types_beside(type, staged.type)) {
    ADIT_TRY(const bool holds_staged, holds(stage_name_, staged.name, staged.type, candidate));
    if (!holds_staged) continue;
    ADIT_TRY(const bool holds_table, holds(target_name_, column.name, type, candidate));
    if (holds_table) return candidate;
  }
  return invalid("Column \"" + column.name + "\": the table has it as " + long_name(type) +
                 ", the job brings " + long_name(staged.type) +
                 ", and no type holds the values of both exactly. Push values that " + long_name(type) +
                 " holds, or replace the table with a REPLACE job.");
}

Result<bool> Lander::holds(const std::string& table, const std::string& column, const StoredType& from,
                           const StoredType& to) {
  ADIT_CHECK(activity_.check());
  ADIT_TRY(const auto exact,
           run(connection_, "SELECT coalesce(bool_and(" + stays_exact(quote_identifier(column), from, to) +
                                "), true) FROM " + table));
  return exact.boolean(0, 0) == true;
}

}  // namespace adit
