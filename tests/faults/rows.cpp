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

}  // namespace

std::string to_string(const TableRow& row) {
  return "k=" + std::to_string(row.k) + " src=" + row.source + " v=" + std::to_string(row.v) +
         " change=" + std::to_string(row.change_ms);
}

std::vector<TableRow> make_rows(Rng& rng, int job, int chunk, std::int64_t change_ms, std::int64_t rows_max,
                                std::int64_t keys) {
  std::vector<TableRow> rows(rng.chance(10) ? 0 : static_cast<std::size_t>(rng.between(1, rows_max)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].k = rng.between(0, keys - 1);
    rows[i].source = "j" + std::to_string(job) + "c" + std::to_string(chunk) + "r" + std::to_string(i);
    rows[i].v = hash_of(rows[i].source);
    rows[i].change_ms = change_ms;
  }
  return rows;
}

std::string csv_bytes(const std::vector<TableRow>& rows) {
  std::string text = "k,src,v\n";
  for (const auto& row : rows)
    text += std::to_string(row.k) + "," + row.source + "," + std::to_string(row.v) + "\n";
  return text;
}

std::string csv_key_bytes(const std::vector<TableRow>& rows) {
  std::string text = "k\n";
  for (const auto& row : rows) text += std::to_string(row.k) + "\n";
  return text;
}

std::string parquet_bytes(const std::vector<TableRow>& rows) {
  return parquet_of(
      values_select(rows, "k, src, v", "0::BIGINT AS k, '' AS src, 0::BIGINT AS v", [](const TableRow& row) {
        return std::to_string(row.k) + "::BIGINT,'" + row.source + "'," + std::to_string(row.v) + "::BIGINT";
      }));
}

std::string parquet_key_bytes(const std::vector<TableRow>& rows) {
  return parquet_of(values_select(rows, "k", "0::BIGINT AS k",
                                  [](const TableRow& row) { return std::to_string(row.k) + "::BIGINT"; }));
}

}  // namespace adit::test
