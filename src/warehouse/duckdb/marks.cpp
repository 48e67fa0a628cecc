#include "warehouse/duckdb/marks.h"

#include <algorithm>
#include <boost/json.hpp>
#include <unordered_set>

#include "formats/names.h"
#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/table_columns.h"

namespace adit {
namespace {

namespace json = boost::json;

std::string uuid_literal(const Uuid& uuid) { return "'" + uuid.to_string() + "'::UUID"; }

std::string text_list(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(text);
  return json::serialize(array);
}

std::vector<std::string> read_text_list(const json::value& value) {
  std::vector<std::string> texts;
  if (const auto* array = value.if_array()) {
    for (const auto& text : *array) {
      if (text.is_string()) texts.emplace_back(text.get_string());
    }
  }
  return texts;
}

std::vector<std::string> read_text_list(const std::string& text) {
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  return error ? std::vector<std::string>() : read_text_list(value);
}

/// The columns that the chunk's file has, which of them were cut, and which of the table's have had no value
/// up to this chunk.
std::string columns_text(const ChunkMark& mark, const std::vector<StagedColumn>& columns) {
  std::vector<std::string> undecided;
  for (const auto& column : columns) {
    if (column.undecided) undecided.push_back(column.name);
  }
  return "{\"columns\":" + text_list(mark.columns) + ",\"cut\":" + text_list(mark.cut) +
         ",\"undecided\":" + text_list(undecided) + "}";
}

Result<ChunkMark> read_mark(const Rows& rows, std::size_t row, std::vector<std::string>& undecided) {
  ChunkMark mark;
  const auto chunk = ChunkId::parse(rows.text(row, 0).value_or(""));
  boost::system::error_code error;
  const auto columns = json::parse(rows.text(row, 5).value_or(""), error);
  if (!chunk || error || !columns.is_object()) return internal("a staging mark can't be read");
  mark.chunk = *chunk;
  mark.position = rows.integer(row, 1).value_or(0);
  mark.operation = parse_chunk_operation(rows.text(row, 2).value_or("")).value_or(ChunkOperation::kUpsert);
  mark.rows = static_cast<std::uint64_t>(rows.integer(row, 3).value_or(0));
  mark.file = rows.text(row, 4).value_or("");
  const auto& object = columns.get_object();
  if (const auto* names = object.if_contains("columns")) mark.columns = read_text_list(*names);
  if (const auto* names = object.if_contains("cut")) mark.cut = read_text_list(*names);
  if (const auto* names = object.if_contains("undecided")) undecided = read_text_list(*names);
  return mark;
}

// Planning them would take longer than their work. Parameters are bound with the types of the columns: a cast
// of one has the engine plan anew at each run (three times as long altogether, for a UUID from its text).

Tried<Rows> find_mark(Connection& connection, JobId job) {
  const auto statement =
      connection.statement("SELECT rows, landed_at_ms, notes FROM adit.landings WHERE job = $1");
  if (!statement) return std::unexpected(statement.error());
  (*statement)->bind_uuid(1, job.uuid());
  return (*statement)->execute(connection);
}

Tried<Rows> write_mark(Connection& connection, const Landing& landing, std::string_view table) {
  const auto statement = connection.statement("INSERT INTO adit.landings VALUES ($1, $2, $3, $4, $5)");
  if (!statement) return std::unexpected(statement.error());
  (*statement)->bind_uuid(1, landing.job.uuid());
  (*statement)->bind_text(2, table);
  (*statement)->bind_unsigned(3, landing.rows);
  (*statement)->bind_integer(4, to_epoch_ms(landing.landed_at));
  (*statement)->bind_text(5, text_list(landing.notes));
  return (*statement)->execute(connection);
}

/// Marks are for ever, and many: what is held in memory of them is what was asked for.
Tried<Rows> find_without_mark(Connection& connection, std::string_view ids) {
  const auto statement = connection.statement(
      "WITH asked AS MATERIALIZED (SELECT unnest(string_split($1, ' '))::UUID AS job), "
      "found AS (SELECT job FROM adit.landings WHERE job IN (SELECT job FROM asked)) "
      "SELECT job::VARCHAR FROM asked WHERE job NOT IN (SELECT job FROM found)");
  if (!statement) return std::unexpected(statement.error());
  (*statement)->bind_text(1, ids);
  return (*statement)->execute(connection);
}

}  // namespace

Result<std::optional<Landing>> find_landing(Connection& connection, JobId job) {
  const auto found = find_mark(connection, job);
  if (!found) return to_error(found.error());
  const auto& rows = *found;
  if (rows.size() == 0) return std::optional<Landing>();
  Landing landing;
  landing.job = job;
  landing.rows = static_cast<std::uint64_t>(rows.integer(0, 0).value_or(0));
  landing.landed_at = from_epoch_ms(rows.integer(0, 1).value_or(0));
  landing.notes = read_text_list(rows.text(0, 2).value_or("[]"));
  return std::optional(std::move(landing));
}

Result<std::vector<JobId>> find_unmarked(Connection& connection, std::span<const JobPlace> jobs) {
  std::string ids;
  for (const auto& place : jobs) ids += (ids.empty() ? "" : " ") + place.job.to_string();
  const auto found = find_without_mark(connection, ids);
  if (!found) return to_error(found.error());
  std::unordered_set<JobId> unmarked;
  for (std::size_t row = 0; row < found->size(); ++row) {
    if (const auto job = JobId::parse(found->text(row, 0).value_or(""))) unmarked.insert(*job);
  }
  std::vector<JobId> in_order;
  for (const auto& place : jobs) {
    if (unmarked.contains(place.job)) in_order.push_back(place.job);
  }
  return in_order;
}

Result<void> insert_landing(Connection& connection, const Landing& landing, const TableName& table) {
  // For people who look into the file.
  const auto name = table.schema.empty() ? table.name : quote_table(table);
  const auto written = write_mark(connection, landing, name);
  if (!written) return to_error(written.error());
  return {};
}

Result<void> load_job_stage(Connection& connection, JobId job, JobStage& stage) {
  ADIT_TRY(const auto columns, table_columns(connection, stage.table(job)));
  stage.columns.clear();
  stage.marks.clear();
  stage.table_exists = columns.has_value();
  stage.loaded = true;
  if (!columns) return {};
  for (const auto& column : *columns) {
    if (column.name == kChangeDateColumn || is_reserved_name(column.name)) continue;
    stage.columns.push_back({.name = column.name, .type = stored_type(column.type)});
  }
  ADIT_TRY(const auto rows, run(connection,
                                "SELECT chunk::VARCHAR, position, operation, rows, file, columns FROM "
                                "adit.staged_chunks WHERE job = " +
                                    uuid_literal(job.uuid()) + " ORDER BY position"));
  std::vector<std::string> undecided;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ADIT_TRY(auto mark, read_mark(rows, row, undecided));
    const auto position = mark.position;
    stage.marks[position] = std::move(mark);
  }
  for (auto& column : stage.columns)
    column.undecided = std::ranges::find(undecided, column.name) != undecided.end();
  return {};
}

Result<void> insert_chunk_marks(Connection& connection, JobId job, std::span<const ChunkMark> marks,
                                const std::vector<StagedColumn>& columns) {
  std::string rows;
  for (const auto& mark : marks) {
    rows += (rows.empty() ? "(" : ", (") + uuid_literal(job.uuid()) + ", " + uuid_literal(mark.chunk.uuid()) +
            ", " + std::to_string(mark.position) + ", " + quote_literal(to_string(mark.operation)) + ", " +
            std::to_string(mark.rows) + ", " + quote_literal(mark.file) + ", " +
            quote_literal(columns_text(mark, columns)) + ")";
  }
  ADIT_CHECK(run(connection, "INSERT INTO adit.staged_chunks VALUES " + rows));
  return {};
}

std::string delete_chunk_marks_sql(JobId job) {
  return "DELETE FROM adit.staged_chunks WHERE job = " + uuid_literal(job.uuid());
}

}  // namespace adit
