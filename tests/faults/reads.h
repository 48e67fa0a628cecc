// Reads: what queries saw of a table while jobs landed in it.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faults/rows.h"

namespace adit::test {

using Moment = std::chrono::steady_clock::time_point;

/// Sums that tell the states of a table apart: each job has a change date of its own.
struct Fingerprint {
  bool present = false;  ///< whether there is such a table
  std::int64_t rows = 0;
  std::int64_t keys = 0;          ///< sum of k
  std::int64_t change_dates = 0;  ///< sum of the change dates, in seconds since kFirstChangeMs

  auto operator<=>(const Fingerprint&) const = default;
};
Fingerprint fingerprint(const TableContent& content);
/// The select list that reads one, in the order of its members: rows, keys, change dates.
std::string fingerprint_columns();
std::string to_string(const Fingerprint& print);

/// The change dates of all jobs come after it.
constexpr std::int64_t kFirstChangeMs = 1'600'000'000'000;

struct Read {
  Moment begun;  ///< before the query was sent
  Moment ended;  ///< after its answer had come
  Fingerprint seen;
  std::string reader;
};

/// What one query saw of two tables of a pool.
struct PairRead {
  std::array<std::size_t, 2> tables;  ///< indices in Model::tables
  Moment begun;
  Moment ended;
  std::array<Fingerprint, 2> seen;
  std::string reader;
};

/// A state of a table: what it became by the job that landed in it.
struct TableState {
  Fingerprint print;
  std::string by;                       ///< the job's name
  Moment possible_from{};               ///< its execute was not sent before
  Moment certain_from = Moment::max();  ///< it was known to have landed then
};

/// Every read must be one state between its begin and its end, and none may go back behind a read that had
/// ended before it began. `states` are in order, the first is that of the last check. Returns what is wrong
/// with the first read that can't be explained.
std::optional<std::string> unexplained_read(const std::vector<TableState>& states, std::vector<Read> reads);

/// The two states must have been there together: of a job that wrote both tables, both or neither. `states`
/// are those of the read's tables. Returns what is wrong.
std::optional<std::string> unexplained_pair(const std::array<std::vector<TableState>, 2>& states,
                                            const PairRead& read);

}  // namespace adit::test
