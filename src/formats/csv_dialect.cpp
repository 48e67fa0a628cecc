#include "formats/csv_dialect.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace adit {
namespace {

constexpr std::size_t kRecordsMax = 200;

/// Whether a separator has cut a quoted text: one quote stands in this field, its partner in another.
bool cuts_quotes(const CsvRecord& record, std::string_view quotes) {
  return std::ranges::any_of(record.fields, [&](const auto& field) {
    return !field.quoted && std::ranges::any_of(quotes, [&](const char quote) {
      return std::ranges::count(field.raw, quote) % 2 == 1;
    });
  });
}

/// How well a dialect explains the sample: fields of the header times the share of records that agree with
/// it. Records in which it cuts quoted texts speak against it, but no more than that: inches and apostrophes
/// stand alone.
double score(std::string_view sample, const CsvDialect& dialect, std::string_view quotes) {
  CsvScanner scanner(sample, dialect);
  CsvRecord record;
  std::size_t columns = 0;
  std::size_t records = 0;
  std::size_t agreeing = 0;
  std::size_t cut = 0;
  while (records < kRecordsMax && scanner.next(record)) {
    const bool last = scanner.position() >= sample.size();
    if (record.blank()) continue;
    if (columns == 0) columns = record.fields.size();
    if (last && records > 0 && !record.ended()) break;  // it may be cut
    ++records;
    if (!record.problem && record.fields.size() == columns) ++agreeing;
    if (cuts_quotes(record, quotes)) ++cut;
  }
  if (records == 0 || columns < 2) return 0;
  const auto share = static_cast<double>(agreeing) / static_cast<double>(records);
  const auto cut_share = static_cast<double>(cut) / static_cast<double>(records);
  return share * share * (1.0 - cut_share / 2) * (1.0 + static_cast<double>(columns) / 1000.0);
}

}  // namespace

CsvDialect detect_csv_dialect(std::string_view sample, const CsvOptions& options) {
  CsvDialect given;
  if (options.separator) given.separator = *options.separator;
  if (options.quote && !options.quote->empty()) given.quote = options.quote->front();
  given.escape = given.quote;
  if (options.escape && !options.escape->empty()) given.escape = options.escape->front();

  const auto quotes = options.quote && !options.quote->empty() ? *options.quote : std::string("\"'");
  constexpr std::array<const char*, 4> kSeparators{",", ";", "\t", "|"};
  auto best = given;
  double best_score = 0;
  const auto consider = [&](const CsvDialect& candidate) {
    // A later candidate must be clearly better: the first ones are the usual ones.
    const auto candidate_score = score(sample, candidate, quotes);
    if (candidate_score > best_score + 1e-9) {
      best = candidate;
      best_score = candidate_score;
    }
  };
  const auto with_escapes = [&](CsvDialect candidate) {
    consider(candidate);
    if (options.escape || sample.find('\\') == std::string_view::npos) return;
    candidate.escape = '\\';
    consider(candidate);
  };
  const auto with_quotes = [&](CsvDialect candidate) {
    with_escapes(candidate);
    if (options.quote || sample.find('\'') == std::string_view::npos) return;
    candidate.quote = '\'';
    if (!options.escape) candidate.escape = '\'';
    with_escapes(candidate);
  };
  if (options.separator) {
    with_quotes(given);
    return best;
  }
  for (const auto* separator : kSeparators) {
    auto candidate = given;
    candidate.separator = separator;
    with_quotes(candidate);
  }
  return best;
}

}  // namespace adit
