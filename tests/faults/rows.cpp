#include "faults/rows.h"

#include <string_view>

#include "support/test_data.h"

namespace adit::test {
namespace {

/// FNV-1a, kept small enough to be exact in JSON.
std::int64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return static_cast<std::int64_t>(hash >> 16);
}

/// `SELECT … FROM (VALUES (…), …) t(names)`; without rows the types come from `empty`.
template <class Values>
std::string values_select(const std::vector<TableRow>& rows, const std::string& names,
                          const std::string& empty, Values values) {
  if (rows.empty()) return "SELECT " + empty + " WHERE false";
  std::string sql = "SELECT * FROM (VALUES ";
  for (std::size_t i = 0; i < rows.size(); ++i) sql += (i == 0 ? "(" : ",(") + values(rows[i]) + ")";
  return sql + ") t(" + names + ")";
}

std::string text_of(const std::optional<std::int64_t>& value, const std::string& null) {
  return value ? std::to_string(*value) : null;
}

}  // namespace

std::string to_string(const TableRow& row) {
  return "k=" + std::to_string(row.k) + " src=" + row.source + " v=" + text_of(row.v, "null") +
         " w=" + text_of(row.w, "null") + " change=" + std::to_string(row.change_ms);
}

std::vector<TableRow> make_rows(Rng& rng, int job, int chunk, std::int64_t change_ms, std::int64_t rows_max,
                                std::int64_t keys, ChunkColumns columns) {
  std::vector<TableRow> rows(rng.chance(10) ? 0 : static_cast<std::size_t>(rng.between(1, rows_max)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].k = rng.between(0, keys - 1);
    rows[i].source = "j" + std::to_string(job) + "c" + std::to_string(chunk) + "r" + std::to_string(i);
    if (columns.v && !rng.chance(5)) rows[i].v = hash_of(rows[i].source);
    if (columns.w && !rng.chance(5)) rows[i].w = hash_of(rows[i].source + "w");
    rows[i].change_ms = change_ms;
  }
  return rows;
}

std::string csv_bytes(const std::vector<TableRow>& rows, ChunkColumns columns) {
  std::string text = "k,src" + std::string(columns.v ? ",v" : "") + (columns.w ? ",w" : "") + "\n";
  for (const auto& row : rows) {
    text += std::to_string(row.k) + "," + row.source;
    if (columns.v) text += "," + text_of(row.v, "");
    if (columns.w) text += "," + text_of(row.w, "");
    text += "\n";
  }
  return text;
}

std::string csv_key_bytes(const std::vector<TableRow>& rows) {
  std::string text = "k\n";
  for (const auto& row : rows) text += std::to_string(row.k) + "\n";
  return text;
}

std::string parquet_bytes(const std::vector<TableRow>& rows, ChunkColumns columns) {
  std::string names = "k, src";
  std::string empty = "0::BIGINT AS k, '' AS src";
  if (columns.v) names += ", v", empty += ", 0::BIGINT AS v";
  if (columns.w) names += ", w", empty += ", 0::BIGINT AS w";
  return parquet_of(values_select(rows, names, empty, [columns](const TableRow& row) {
    auto values = std::to_string(row.k) + "::BIGINT,'" + row.source + "'";
    if (columns.v) values += "," + text_of(row.v, "NULL") + "::BIGINT";
    if (columns.w) values += "," + text_of(row.w, "NULL") + "::BIGINT";
    return values;
  }));
}

std::string parquet_key_bytes(const std::vector<TableRow>& rows) {
  return parquet_of(values_select(rows, "k", "0::BIGINT AS k",
                                  [](const TableRow& row) { return std::to_string(row.k) + "::BIGINT"; }));
}

}  // namespace adit::test
