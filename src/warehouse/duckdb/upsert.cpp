#include "warehouse/duckdb/upsert.h"

#include <algorithm>
#include <set>

#include "formats/names.h"
#include "warehouse/duckdb/numbered_table.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

/// Chunk position and a row's number in one number: rows of a later chunk, and later rows of a chunk, have
/// the greater one.
std::string order_of(const NumberedTable& stage) { return "((__adit_chunk << 44) + " + stage.number + ")"; }
constexpr const char* kNumberOfOrder = "& 17592186044415";

const std::string kDecidingTable = "temp.main.\"__adit_deciding\"";
const std::string kFilledTable = "temp.main.\"__adit_filled\"";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string keys_equal(const UpsertTables& tables, const std::string& left, const std::string& right) {
  std::string sql;
  for (const auto& key : tables.keys) {
    if (!sql.empty()) sql += " AND ";
    sql += left + "." + quote_identifier(key) + " = " + right + "." + quote_identifier(key);
  }
  return sql;
}

bool same_columns(const ChunkMark& a, const ChunkMark& b) {
  return std::set(a.columns.begin(), a.columns.end()) == std::set(b.columns.begin(), b.columns.end());
}

/// Of old rows with the same key the last one: a key that appends have brought several times stands once
/// after an upsert.
Result<std::string> last_old_rows(Connection& connection, const UpsertTables& tables,
                                  const std::string& source) {
  ADIT_TRY(const auto target, number_rows(connection, tables.target, tables.columns));
  return "(SELECT " + target.all_columns + " FROM " + target.from + " WHERE " + target.number +
         " IN (SELECT max(t." + target.number + ") FROM " + target.from + " t JOIN " + source + " s ON " +
         keys_equal(tables, "s", "t") + " GROUP BY " + quoted_list(tables.keys, "t.") + "))";
}

/// The rows to insert where columns that the segment lacks keep the values of the old rows, which are in
/// `old`.
std::string filled_rows(const UpsertTables& tables, const Segment& segment, const std::string& source,
                        const std::string& old) {
  std::string values;
  for (const auto& column : tables.columns) {
    const bool brought = contains(segment.columns, column) || is_change_date(column);
    values += (values.empty() ? "" : ", ") + std::string(brought ? "s." : "o.") + quote_identifier(column) +
              " AS " + quote_identifier(column);
  }
  return "SELECT " + values + " FROM " + source + " s LEFT JOIN " + old + " o ON " +
         keys_equal(tables, "s", "o") + " WHERE NOT s.__adit_op";
}

}  // namespace

std::string quoted_list(const std::vector<std::string>& names, const std::string& prefix) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + prefix + quote_identifier(name);
  return list;
}

std::vector<Segment> segments(const JobStage& stage, const std::vector<std::string>& target_columns,
                              UpsertStrategy strategy) {
  std::vector<Segment> all;
  if (stage.marks.empty()) return all;
  Segment whole{stage.marks.begin()->first, stage.marks.rbegin()->first, {}, false};
  const ChunkMark* first_upsert = nullptr;
  bool uniform = true;
  bool deletes = false;
  for (const auto& [position, mark] : stage.marks) {
    deletes = deletes || mark.operation == ChunkOperation::kDelete;
    if (mark.operation == ChunkOperation::kDelete) continue;
    if (first_upsert == nullptr) first_upsert = &mark;
    uniform = uniform && same_columns(*first_upsert, mark);
  }
  const auto lacks = [&](const std::vector<std::string>& columns) {
    return std::ranges::any_of(target_columns, [&](const auto& column) {
      return !is_change_date(column) && !contains(columns, column);
    });
  };
  const bool keeps = strategy == UpsertStrategy::kUnchangedMetadata;
  if (!keeps || first_upsert == nullptr || (uniform && !lacks(first_upsert->columns))) {
    return {whole};
  }
  if (uniform && !deletes) {
    whole.columns = first_upsert->columns;
    whole.keeps_others = true;
    return {whole};
  }
  const ChunkMark* previous = nullptr;
  for (const auto& [position, mark] : stage.marks) {
    if (previous != nullptr && previous->operation == mark.operation && same_columns(*previous, mark)) {
      all.back().last = position;
    } else {
      all.push_back({position, position, mark.columns, mark.operation == ChunkOperation::kUpsert});
    }
    previous = &mark;
  }
  return all;
}

Result<bool> needs_reduction(Connection& connection, const JobStage& stage, const UpsertTables& tables) {
  for (const auto& [position, mark] : stage.marks) {
    if (mark.operation == ChunkOperation::kDelete) return true;
  }
  const auto keys = quoted_list(tables.keys);
  // Keys are never null, so counting a single one's values needs no second look at the table.
  const auto distinct = tables.keys.size() == 1 ? "count(DISTINCT " + keys + ")"
                                                : "(SELECT count(*) FROM (SELECT DISTINCT " + keys +
                                                      " FROM " + tables.stage + "))";
  ADIT_TRY(const auto rows, run(connection, "SELECT count(*), " + distinct + " FROM " + tables.stage));
  return rows.integer(0, 0) != rows.integer(0, 1);
}

Result<std::string> deciding_rows(Connection& connection, const UpsertTables& tables,
                                  const std::string& where) {
  ADIT_TRY(const auto stage, number_rows(connection, tables.stage, tables.columns));
  const auto of_segment = where.empty() ? std::string() : " WHERE " + where;
  const auto select = "SELECT " + stage.all_columns + " FROM " + stage.from + " WHERE ";
  if (!tables.greatest_of.empty()) {
    return select + stage.number + " IN (SELECT number FROM (SELECT " + stage.number +
           " AS number, row_number() OVER (PARTITION BY " + quoted_list(tables.keys) +
           " ORDER BY __adit_chunk DESC, " + quote_identifier(tables.greatest_of) + " DESC NULLS LAST, " +
           stage.number + " DESC) AS place FROM " + stage.from + of_segment + ") WHERE place = 1)";
  }
  // Rows of the transaction under way are numbered from some 2^55 on, which the sum carries into the chunk's
  // place without harm to the order.
  const auto number = tables.stage_is_held ? "(" + stage.number + " " + kNumberOfOrder + ")" : stage.number;
  return select + number + " IN (SELECT max(" + order_of(stage) + ") " + kNumberOfOrder + " FROM " +
         stage.from + of_segment + " GROUP BY " + quoted_list(tables.keys) + ")";
}

Result<std::uint64_t> count_landed_keys(Connection& connection, const UpsertTables& tables) {
  ADIT_TRY(const auto counted,
           run(connection, "SELECT count(*) FROM (SELECT 1 FROM " + tables.stage + " GROUP BY " +
                               quoted_list(tables.keys) + " HAVING NOT arg_max(__adit_op, __adit_chunk))"));
  return static_cast<std::uint64_t>(counted.integer(0, 0).value_or(0));
}

Result<std::uint64_t> apply_segment(Connection& connection, const Activity& activity,
                                    const UpsertTables& tables, const Segment& segment, bool reduce) {
  const auto step = [&](const std::string& sql) -> Result<Rows> {
    ADIT_CHECK(activity.check());
    return run(connection, sql);
  };
  auto source = tables.stage;
  if (reduce) {
    const auto where =
        "__adit_chunk BETWEEN " + std::to_string(segment.first) + " AND " + std::to_string(segment.last);
    ADIT_TRY(const auto deciding, deciding_rows(connection, tables, where));
    ADIT_CHECK(step("CREATE TEMP TABLE \"__adit_deciding\" AS " + deciding));
    source = kDecidingTable;
  }
  auto inserted_from =
      "SELECT " + quoted_list(tables.columns, "s.") + " FROM " + source + " s WHERE NOT s.__adit_op";
  if (segment.keeps_others) {
    const auto fill = [&](const std::string& old) {
      return step("CREATE OR REPLACE TEMP TABLE \"__adit_filled\" AS " +
                  filled_rows(tables, segment, source, old));
    };
    ADIT_TRY(const auto filled, fill(tables.target));
    ADIT_TRY(const auto brought, step("SELECT count(*) FROM " + source + " WHERE NOT __adit_op"));
    if (filled.integer(0, 0) != brought.integer(0, 0)) {
      ADIT_TRY(const auto last, last_old_rows(connection, tables, source));
      ADIT_CHECK(fill(last));
    }
    inserted_from = "SELECT " + quoted_list(tables.columns) + " FROM " + kFilledTable;
  }
  ADIT_CHECK(step("DELETE FROM " + tables.target + " AS o USING " + source + " AS s WHERE " +
                  keys_equal(tables, "o", "s")));
  ADIT_TRY(auto inserted,
           step("INSERT INTO " + tables.target + " (" + quoted_list(tables.columns) + ") " + inserted_from));
  const auto rows = inserted.changed();
  if (segment.keeps_others) ADIT_CHECK(step("DROP TABLE " + kFilledTable));
  if (reduce) ADIT_CHECK(step("DROP TABLE " + kDecidingTable));
  return rows;
}

}  // namespace adit
