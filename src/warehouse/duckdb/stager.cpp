#include "warehouse/duckdb/stager.h"

#include <algorithm>

#include "base/failpoint.h"
#include "base/log.h"
#include "formats/names.h"
#include "warehouse/duckdb/appender.h"
#include "warehouse/duckdb/marks.h"
#include "warehouse/duckdb/small_chunk.h"
#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/stored_chunk.h"
#include "warehouse/duckdb/table_columns.h"

namespace adit {
namespace {

/// Each round widens at least one column, and each column widens a few times at most.
constexpr int kRoundsMax = 200;

/// More of one job is no small job any more.
constexpr std::uint64_t kHeldJobBytesMax = 4 << 20;

/// Up to this size a staging table is made in the transaction that fills it, which saves a commit. In a long
/// transaction it would keep checkpoints out.
constexpr std::uintmax_t kSmallFileBytes = 1 << 20;

std::string column_list(const std::vector<StagedColumn>& columns) {
  std::string list;
  for (const auto& column : columns)
    list += quote_identifier(column.name) + " " + sql_name(column.type) + ", ";
  return list;
}

bool is_small(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return !error && size <= kSmallFileBytes;
}

}  // namespace

Stager::Stager(OpenPool& pool, Connection& connection, Activity& activity, const StagePlan& plan,
               JobStage& stage)
    : pool_(pool),
      connection_(connection),
      activity_(activity),
      plan_(plan),
      stage_(stage),
      keys_(plan.spec.matching_keys()) {}

Result<void> Stager::load() {
  if (plan_.spec.type == JobType::kDelta) {
    if (const auto known = pool_.table(plan_.spec.target()); known && !known->view) {
      ADIT_TRY(target_, pool_.columns(connection_, *known));
    }
  }
  if (stage_.loaded) return {};
  ADIT_CHECK(load_job_stage(connection_, plan_.job, stage_));
  for (auto& column : stage_.columns) {
    const auto planned =
        plan_column({.name = column.name, .reference = {}, .engine_type = {}, .guess = column.type});
    column.declared = planned.declared;
    column.in_target = planned.in_target;
  }
  return {};
}

Result<void> Stager::discard() {
  if (stage_.loaded && !stage_.table_exists) {
    stage_.clear();
    return {};
  }
  ADIT_TRY(auto transaction, Transaction::begin(connection_));
  ADIT_CHECK(run(connection_, "DROP TABLE IF EXISTS " + quote_table(stage_.table(plan_.job))));
  ADIT_CHECK(run(connection_, delete_chunk_marks_sql(plan_.job)));
  ADIT_CHECK(transaction.commit());
  stage_.clear();
  stage_.loaded = true;
  pool_.committed();
  return {};
}

Result<StagedChunk> Stager::stage(const ChunkFile& chunk) {
  StagedChunk staged;
  staged.id = chunk.id;
  ADIT_CHECK(load());
  if (const auto mark = stage_.marks.find(chunk.position);
      mark != stage_.marks.end() && mark->second.chunk == chunk.id) {
    staged.rows = mark->second.rows;
    return staged;
  }
  if (out_of_order(chunk)) ADIT_CHECK(discard());
  ADIT_TRY(auto damage, damage_of(chunk));
  if (damage) {
    staged.errors.push_back(only_message(*std::move(damage)));
    return staged;
  }
  const auto source = open_source(connection_, plan_.spec, chunk.operation, chunk.path);
  if (!source) {
    if (source.error().kind != ErrorKind::kInvalid) return source.error();
    staged.errors.push_back(only_message(source.error().public_message));
    return staged;
  }
  staged.errors = describe_other_types(plan_.spec, target_);
  if (!staged.errors.empty()) return staged;
  auto columns = planned_columns(*source);
  ADIT_TRY(const bool held, hold(chunk, *source, columns));
  if (held) {
    staged.rows = stage_.marks[chunk.position].rows;
    return staged;
  }
  widened_.clear();
  const auto planned = columns;
  std::vector<ChunkFile> thrown_away;  // by a change of types; also by one while they come back
  for (int round = 0; round < kRoundsMax; ++round) {
    std::vector<ChunkFile> stage_again;
    ADIT_CHECK(shape_table(columns, thrown_away.empty() && is_small(chunk.path), stage_again));
    if (thrown_away.empty()) thrown_away = std::move(stage_again);
    auto chunks = thrown_away;
    chunks.push_back(chunk);
    Outcome outcome = std::uint64_t{0};
    bool own = false;
    for (const auto& next : chunks) {
      ADIT_CHECK(activity_.check());
      own = next.id == chunk.id;
      ADIT_TRY(outcome, own ? stage_source(next, *source) : stage_once(next));
      if (!std::holds_alternative<std::uint64_t>(outcome)) break;
    }
    if (auto* rejected = std::get_if<Rejected>(&outcome)) {
      staged.errors = std::move(rejected->errors);
      if (own) return staged;
      ADIT_TRY(staged.errors, explain_beside(staged.errors.front(), *source, planned));
      // The others fit as they were before, and are to have those types again.
      ADIT_CHECK(discard());
      return staged;
    }
    if (const auto* rows = std::get_if<std::uint64_t>(&outcome)) {
      staged.rows = *rows;
      return staged;
    }
    columns = std::move(std::get<Widen>(outcome).columns);
  }
  return internal("a chunk's types did not settle");
}

bool Stager::out_of_order(const ChunkFile& chunk) const {
  return std::ranges::any_of(stage_.marks, [&](const auto& entry) {
    return entry.first >= chunk.position || entry.second.chunk == chunk.id;
  });
}

std::vector<StagedColumn> Stager::planned_columns(const ChunkSource& source) const {
  auto columns = stage_.columns;
  const auto has = [&](const std::string& name) {
    const auto folded = fold_name(name);
    return std::ranges::find_if(columns,
                                [&](const auto& column) { return fold_name(column.name) == folded; });
  };
  if (columns.empty() && plan_.spec.table_schema) {
    for (const auto& declared : plan_.spec.table_schema->columns) {
      if (has(declared.name) != columns.end() || is_change_date(declared.name)) continue;
      columns.push_back(
          plan_column({.name = declared.name, .reference = {}, .engine_type = {}, .guess = {}}));
    }
  }
  for (const auto& column : source.columns) {
    const auto known = has(column.name);
    if (known == columns.end()) {
      columns.push_back(plan_column(column));
    } else if (known->undecided && column.guess) {
      known->type = *column.guess;
      known->undecided = false;
    }
  }
  return columns;
}

StagedColumn Stager::plan_column(const SourceColumn& column) const {
  const auto folded = fold_name(column.name);
  StagedColumn planned{.name = column.name, .type = {.kind = TypeKind::kInteger}};
  if (const auto* existing = find_column(target_, column.name)) {
    planned.name = existing->name;
    planned.in_target = true;
    planned.type = stored_type(existing->type);
  }
  if (plan_.spec.table_schema) {
    for (const auto& declared : plan_.spec.table_schema->columns) {
      if (fold_name(declared.name) != folded) continue;
      if (!planned.in_target) planned.name = declared.name;
      planned.declared = true;
      // A table's column may be wider than what is declared, and stays so.
      const auto wanted = stored_type(declared.type);
      planned.type = planned.in_target
                         ? widened(planned.type, wanted, StringWidening::kForbidden).value_or(planned.type)
                         : wanted;
    }
  }
  if (planned.declared || planned.in_target) return planned;
  planned.undecided = !column.guess;
  // Nanoseconds are kept only if there are any: the values decide.
  if (column.guess) planned.type = *column.guess;
  if (planned.type.kind == TypeKind::kDateTimeNs) planned.type = {.kind = TypeKind::kDateTime};
  return planned;
}

std::string Stager::create_sql(const std::vector<StagedColumn>& columns) const {
  auto sql = "CREATE TABLE " + quote_table(stage_.table(plan_.job)) + " (" + column_list(columns) +
             quote_identifier(kChangeDateColumn) + " TIMESTAMP";
  if (!keys_.empty()) {
    sql += ", " + std::string(kHiddenChunk) + " BIGINT, " + std::string(kHiddenOperation) + " BOOLEAN";
  }
  return sql + ")";
}

Result<void> Stager::shape_table(const std::vector<StagedColumn>& columns, bool small_file,
                                 std::vector<ChunkFile>& stage_again) {
  create_in_insert_ = false;
  if (!stage_.held.empty() && keeps_types(columns)) ADIT_CHECK(spill());
  if (!stage_.held.empty()) {
    for (const auto& [position, mark] : stage_.marks) stage_again.push_back(file_of(mark));
    stage_.clear();
  }
  if (stage_.table_exists) {
    bool rebuild = false;
    for (std::size_t i = 0; i < stage_.columns.size(); ++i) {
      rebuild = rebuild || (stage_.columns[i].type != columns[i].type && !stage_.columns[i].undecided);
    }
    if (!rebuild) return extend_table(columns);
    for (const auto& [position, mark] : stage_.marks) stage_again.push_back(file_of(mark));
    ADIT_CHECK(discard());
  }
  stage_.columns = columns;
  if (small_file && stage_again.empty()) {
    create_in_insert_ = true;
    return {};
  }
  ADIT_CHECK(run(connection_, create_sql(columns)));
  stage_.table_exists = true;
  return {};
}

Result<void> Stager::extend_table(const std::vector<StagedColumn>& columns) {
  const auto alter = "ALTER TABLE " + quote_table(stage_.table(plan_.job));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto name = quote_identifier(columns[i].name);
    if (i >= stage_.columns.size()) {
      ADIT_CHECK(run(connection_, alter + " ADD COLUMN " + name + " " + sql_name(columns[i].type)));
      stage_.columns.push_back(columns[i]);
    } else if (stage_.columns[i].type != columns[i].type) {
      ADIT_CHECK(run(connection_, alter + " ALTER COLUMN " + name + " TYPE " + sql_name(columns[i].type)));
      stage_.columns[i] = columns[i];
    }
  }
  return {};
}

bool Stager::may_hold(const ChunkFile& chunk, const std::vector<StagedColumn>& columns) const {
  if (stage_.table_exists || !keeps_types(columns)) return false;
  std::uint64_t held = 0;
  for (const auto& [position, rows] : stage_.held) held += rows.bytes;
  if (held >= kHeldJobBytesMax) return false;
  std::error_code error;
  const auto size = std::filesystem::file_size(chunk.path, error);
  return !error && size <= pool_.held_chunk_bytes_max();
}

bool Stager::keeps_types(const std::vector<StagedColumn>& columns) const {
  for (std::size_t i = 0; i < stage_.columns.size(); ++i) {
    if (!stage_.columns[i].undecided && stage_.columns[i].type != columns[i].type) return false;
  }
  return true;
}

Result<void> Stager::spill() {
  std::vector<ChunkMark> marks;
  for (const auto& [position, mark] : stage_.marks) marks.push_back(mark);
  ADIT_TRY(auto transaction, Transaction::begin(connection_));
  ADIT_CHECK(run(connection_, create_sql(stage_.columns)));
  ADIT_CHECK(append_held(connection_, {.table = stage_.table(plan_.job)}, stage_.held));
  ADIT_CHECK(insert_chunk_marks(connection_, plan_.job, marks, stage_.columns));
  ADIT_CHECK(activity_.shield());
  const auto committed = transaction.commit();
  activity_.unshield();
  if (!committed) return committed.error();
  pool_.committed();
  stage_.table_exists = true;
  stage_.held.clear();
  return {};
}

Result<bool> Stager::hold(const ChunkFile& chunk, const ChunkSource& source,
                          const std::vector<StagedColumn>& columns) {
  if (!may_hold(chunk, columns)) return false;
  ADIT_CHECK(activity_.check());
  const ChunkSelect select(source, columns, keys_);
  auto mark = mark_of(chunk, select);
  const auto constants = constants_of(mark);
  ADIT_TRY(auto rows, read_small_chunk(connection_, source, select, constants));
  if (!rows || !pool_.held_budget().take(rows->bytes)) return false;
  rows->share = HeldShare(pool_.held_budget(), rows->bytes);
  mark.rows = rows->rows;
  stage_.columns = columns;
  stage_.held[mark.position] = *std::move(rows);
  stage_.marks[mark.position] = std::move(mark);
  failpoint("warehouse.held");
  return true;
}

ChunkMark Stager::mark_of(const ChunkFile& chunk, const ChunkSelect& select) const {
  ChunkMark mark{chunk.id, chunk.position, chunk.operation, 0, relative(chunk.path), {}, {}};
  for (const auto& column : select.columns()) {
    mark.columns.push_back(column.target.name);
    if (column.source.cuts_nanoseconds) mark.cut.push_back(column.target.name);
  }
  return mark;
}

RowConstants Stager::constants_of(const ChunkMark& mark) const {
  return {plan_.change_date, keys_.empty() ? std::nullopt : std::optional(mark)};
}

Result<Stager::Outcome> Stager::stage_once(const ChunkFile& chunk) {
  if (const auto found = stage_.marks.find(chunk.position); found != stage_.marks.end()) {
    if (found->second.chunk == chunk.id) return Outcome(found->second.rows);
  }
  ADIT_TRY(const auto source, open_source(connection_, plan_.spec, chunk.operation, chunk.path));
  return stage_source(chunk, source);
}

Result<Stager::Outcome> Stager::stage_source(const ChunkFile& chunk, const ChunkSource& source) {
  if (hides_faults(source)) {
    auto [errors, mixed_line_ends] = examine_csv(source);
    if (!errors.empty()) return Outcome(Rejected{std::move(errors)});
    if (mixed_line_ends) return stage_source(chunk, with_mixed_line_ends(source));
  }
  const ChunkSelect select(source, stage_.columns, keys_);
  const auto inserted = insert(chunk, select);
  if (!inserted) return inserted.error();
  if (const auto* rows = std::get_if<std::uint64_t>(&*inserted)) return Outcome(*rows);
  return explain(chunk, std::get<EngineFailure>(*inserted), source, select);
}

Result<std::variant<std::uint64_t, EngineFailure>> Stager::insert(const ChunkFile& chunk,
                                                                  const ChunkSelect& select) {
  using Inserted = std::variant<std::uint64_t, EngineFailure>;
  auto mark = mark_of(chunk, select);
  ADIT_TRY(auto transaction, Transaction::begin(connection_));
  if (create_in_insert_) ADIT_CHECK(run(connection_, create_sql(stage_.columns)));
  auto rows = try_run(connection_, select.insert_sql(stage_.table(plan_.job), constants_of(mark)));
  if (!rows) return Inserted(std::move(rows).error());
  mark.rows = rows->changed();
  auto columns = stage_.columns;
  ADIT_CHECK(settle_undecided(select, columns));
  ADIT_CHECK(insert_chunk_marks(connection_, plan_.job, std::span(&mark, 1), columns));
  failpoint("warehouse.stage.before_commit");
  ADIT_CHECK(activity_.shield());
  const auto committed = transaction.commit();
  activity_.unshield();
  if (!committed) return committed.error();
  pool_.committed();  // what is lost is staged again
  failpoint("warehouse.stage.after_commit");
  stage_.table_exists = true;
  create_in_insert_ = false;
  stage_.columns = std::move(columns);
  stage_.marks[mark.position] = mark;
  return Inserted(mark.rows);
}

Result<void> Stager::settle_undecided(const ChunkSelect& select, std::vector<StagedColumn>& columns) {
  std::vector<StagedColumn*> open;
  std::string counts;
  for (const auto& chunk_column : select.columns()) {
    if (!chunk_column.target.undecided) continue;
    const auto found = std::ranges::find(columns, chunk_column.target.name, &StagedColumn::name);
    counts += (open.empty() ? "count(" : ", count(") + quote_identifier(found->name) + ")";
    open.push_back(&*found);
  }
  if (open.empty()) return {};
  ADIT_TRY(const auto rows,
           run(connection_, "SELECT " + counts + " FROM " + quote_table(stage_.table(plan_.job))));
  for (std::size_t i = 0; i < open.size(); ++i) open[i]->undecided = rows.integer(0, i) == 0;
  return {};
}

ChunkFile Stager::file_of(const ChunkMark& mark) const {
  return {.id = mark.chunk,
          .position = mark.position,
          .operation = mark.operation,
          .path = pool_.chunks_root() / mark.file};
}

std::string Stager::relative(const std::filesystem::path& path) const {
  return std::filesystem::absolute(path).lexically_relative(pool_.chunks_root()).string();
}

}  // namespace adit
