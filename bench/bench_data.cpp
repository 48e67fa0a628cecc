#include "bench_data.h"

#include <array>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "disk.h"
#include "engine.h"

namespace adit::bench {
namespace {

constexpr int kParts = 10;
/// Part of the folder's name: raised when the data below changes.
constexpr int kDataVersion = 1;

/// A number from 0 to below `bound` that follows from the row number and the column's salt alone.
std::string drawn(const std::string& row, int salt, const std::string& bound) {
  return "CAST(hash(" + row + ", " + std::to_string(salt) + ") % " + bound + " AS BIGINT)";
}

constexpr std::array<std::string_view, 30> kActivities{
    "Create order",     "Check credit",    "Approve credit",  "Reject credit",    "Change price",
    "Change quantity",  "Confirm order",   "Reserve stock",   "Release stock",    "Order material",
    "Receive material", "Inspect goods",   "Plan production", "Start production", "Finish production",
    "Pick goods",       "Pack goods",      "Print label",     "Book carrier",     "Load truck",
    "Ship goods",       "Record shipment", "Send invoice",    "Cancel invoice",   "Send reminder",
    "Receive payment",  "Clear invoice",   "Open complaint",  "Close complaint",  "Close order"};

constexpr std::array<std::string_view, 24> kCountries{"AT", "BE", "BR", "CA", "CH", "CN", "CZ", "DE",
                                                      "DK", "ES", "FI", "FR", "GB", "IE", "IN", "IT",
                                                      "JP", "MX", "NL", "NO", "PL", "PT", "SE", "US"};

/// One of the words, by the row and the salt.
template <std::size_t size>
std::string drawn_word(const std::string& row, int salt, const std::array<std::string_view, size>& words) {
  std::string list;
  for (const auto word : words) list += (list.empty() ? "" : ", ") + quoted(std::string(word));
  return "([" + list + "])[" + drawn(row, salt, std::to_string(size)) + " + 1]";
}

/// Rows i from `from` to below `to`: eight events a case, ordered by case and within it by time.
std::string events(std::int64_t from, std::int64_t to) {
  const auto seconds = drawn("i // 8", 2, "31536000") + " + (i % 8) * 7200 + " + drawn("i", 3, "7200");
  std::string sql = "SELECT format('C-{:08d}', i // 8) AS case_id";
  const auto add = [&sql](const std::string& expression, const char* name) {
    sql += ", " + expression + " AS " + name;
  };
  add(drawn_word("i", 1, kActivities), "activity");
  add("TIMESTAMP '2024-01-01 00:00:00' + to_seconds(" + seconds + ")", "event_time");
  add("format('user_{:04d}', " + drawn("i", 4, "500") + ")", "resource");
  add("(" + drawn("i", 5, "10000000") + " / 100.0)::DOUBLE", "cost");
  add("(" + drawn("i", 6, "500") + " + 1)::INTEGER", "quantity");
  add(drawn_word("i // 8", 7, kCountries), "country");
  add(drawn("i", 8, "3") + " = 0", "automated");
  return sql + " FROM range(" + std::to_string(from) + ", " + std::to_string(to) + ") AS numbers(i)";
}

/// The event log with event_id, which is the row number, in place of `automated`.
std::string keyed_events(std::int64_t from, std::int64_t to) {
  return "SELECT " + std::to_string(from) +
         " + row_number() OVER () - 1 AS event_id, * EXCLUDE (automated) FROM (" + events(from, to) + ")";
}

/// Row numbers one in each of 900 equal ranges of the keyed table, then 100 new ones; other values than
/// there.
std::string delta(std::int64_t rows, int number) {
  const std::int64_t known = kDeltaRows * 9 / 10;
  const auto span = std::to_string(rows / known);
  const auto salt = 100 + number;
  return "SELECT CASE WHEN i < " + std::to_string(known) + " THEN i * " + span + " + " +
         drawn("i", salt, span) + " ELSE " + std::to_string(rows + number * kDeltaRows) +
         " + i END AS event_id, * EXCLUDE (automated, i) FROM (SELECT *, row_number() OVER () - 1 AS i FROM "
         "(" +
         events(number * kDeltaRows, (number + 1) * kDeltaRows) + "))";
}

BenchData files_in(const std::filesystem::path& folder, std::int64_t rows) {
  BenchData data{folder,
                 rows,
                 folder / "events.parquet",
                 folder / "events.csv",
                 {},
                 folder / "keyed.parquet",
                 {},
                 folder / "small.csv"};
  for (int i = 0; i < kParts; ++i)
    data.parts.push_back(folder / ("events-" + std::to_string(i) + ".parquet"));
  for (int i = 0; i < kDeltas; ++i)
    data.deltas.push_back(folder / ("delta-" + std::to_string(i) + ".parquet"));
  return data;
}

void write_files(const BenchData& data) {
  Engine engine;
  const auto write = [&engine](const std::string& select, const std::filesystem::path& file) {
    std::cout << "  making " << file.filename().string() << std::endl;
    const auto* format =
        file.extension() == ".csv" ? "(FORMAT csv, HEADER)" : "(FORMAT parquet, COMPRESSION snappy)";
    engine.run("COPY (" + select + ") TO " + quoted(file.string()) + " " + format);
  };
  write(events(0, data.rows), data.parquet);
  write("SELECT * FROM read_parquet(" + quoted(data.parquet.string()) + ")", data.csv);
  const auto part_rows = data.rows / kParts;
  for (int i = 0; i < kParts; ++i) {
    write(events(i * part_rows, (i + 1) * part_rows), data.parts[static_cast<std::size_t>(i)]);
  }
  write(keyed_events(0, data.rows), data.keyed);
  for (int i = 0; i < kDeltas; ++i) write(delta(data.rows, i), data.deltas[static_cast<std::size_t>(i)]);
  write(events(0, kSmallRows), data.small_csv);
}

}  // namespace

BenchData prepare_data(const std::filesystem::path& folder, std::int64_t rows) {
  if (rows < 10'000 || rows % 10'000 != 0) throw std::runtime_error("--rows must be a multiple of 10000");
  const auto target = folder / ("v" + std::to_string(kDataVersion) + "-" + std::to_string(rows));
  if (!std::filesystem::exists(target)) {
    std::cout << "making the data, once: " << rows << " rows in " << target.string() << std::endl;
    const auto unfinished = folder / "unfinished";
    std::filesystem::remove_all(unfinished);
    std::filesystem::create_directories(unfinished);
    write_files(files_in(unfinished, rows));
    std::filesystem::rename(unfinished, target);
  }
  auto data = files_in(target, rows);
  read_into_cache(data.parquet);
  read_into_cache(data.csv);
  read_into_cache(data.keyed);
  for (const auto& file : data.parts) read_into_cache(file);
  for (const auto& file : data.deltas) read_into_cache(file);
  return data;
}

}  // namespace adit::bench
