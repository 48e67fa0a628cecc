#include "faults/reads.h"

#include <algorithm>
#include <set>

namespace adit::test {
namespace {

/// The jobs that had landed in a state, by their names.
std::set<std::string> landed(const std::vector<TableState>& states, std::size_t state) {
  std::set<std::string> jobs;
  for (std::size_t i = 1; i <= state; ++i) jobs.insert(states[i].by);
  return jobs;
}

/// Whether each job of both tables is in both states or in neither.
bool go_together(const std::array<std::vector<TableState>, 2>& states, std::size_t first,
                 std::size_t second) {
  const std::array has{landed(states[0], first), landed(states[1], second)};
  const std::array all{landed(states[0], states[0].size() - 1), landed(states[1], states[1].size() - 1)};
  return std::ranges::all_of(all[0], [&](const std::string& job) {
    return !all[1].contains(job) || has[0].contains(job) == has[1].contains(job);
  });
}

/// The states that a read may have seen.
std::vector<std::size_t> possible(const std::vector<TableState>& states, const PairRead& read,
                                  const Fingerprint& seen) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].certain_from < read.begun) found.clear();
    if (states[i].print == seen && states[i].possible_from <= read.ended) found.push_back(i);
  }
  return found;
}

std::string described(const std::vector<TableState>& states) {
  constexpr std::size_t kShown = 8;
  std::string text;
  const auto first = states.size() > kShown ? states.size() - kShown : 0;
  for (std::size_t i = first; i < states.size(); ++i)
    text += "\n    state " + std::to_string(i) + "  " + to_string(states[i].print) + " by " + states[i].by;
  return text;
}

}  // namespace

Fingerprint fingerprint(const TableContent& content) {
  if (!content) return {};
  Fingerprint print{.present = true, .rows = static_cast<std::int64_t>(content->size())};
  for (const auto& row : *content) {
    print.keys += row.k;
    if (row.change_ms != 0) print.change_dates += row.change_ms / 1000 - kFirstChangeMs / 1000;
  }
  return print;
}

std::string fingerprint_columns() {
  return "count(*), coalesce(sum(k), 0), coalesce(sum(epoch_ms(_CELONIS_CHANGE_DATE) // 1000 - " +
         std::to_string(kFirstChangeMs / 1000) + "), 0)";
}

std::string to_string(const Fingerprint& print) {
  if (!print.present) return "no such table";
  return std::to_string(print.rows) + " rows, keys " + std::to_string(print.keys) + ", change dates " +
         std::to_string(print.change_dates);
}

std::optional<std::string> unexplained_read(const std::vector<TableState>& states, std::vector<Read> reads) {
  std::ranges::sort(reads, {}, &Read::begun);
  struct Seen {
    Moment ended;
    std::size_t state;
  };
  std::vector<Seen> before;
  for (const auto& read : reads) {
    // The least state that this read may have seen, by what was known and by what was read before.
    std::size_t least = 0;
    for (std::size_t i = 1; i < states.size(); ++i)
      if (states[i].certain_from < read.begun) least = i;
    for (const auto& seen : before)
      if (seen.ended < read.begun) least = std::max(least, seen.state);
    std::size_t at = least;
    while (at < states.size() && (states[at].print != read.seen || states[at].possible_from > read.ended))
      ++at;
    if (at == states.size()) {
      return read.reader + " read " + to_string(read.seen) + ", which is no state from number " +
             std::to_string(least) + " on that was possible then; the states:" + described(states);
    }
    before.push_back({read.ended, at});
  }
  return std::nullopt;
}

std::optional<std::string> unexplained_pair(const std::array<std::vector<TableState>, 2>& states,
                                            const PairRead& read) {
  for (const auto first : possible(states[0], read, read.seen[0])) {
    for (const auto second : possible(states[1], read, read.seen[1])) {
      if (go_together(states, first, second)) return std::nullopt;
    }
  }
  return read.reader + " read " + to_string(read.seen[0]) + " and in the same query " +
         to_string(read.seen[1]) +
         ", which were not there together; the states of the first table:" + described(states[0]) +
         "\n  of the second:" + described(states[1]);
}

}  // namespace adit::test
