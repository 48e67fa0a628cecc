#include "formats/csv_dialect.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace adit {
namespace {

constexpr std::size_t kRecordsMax = 200;
constexpr double kMost = 0.5;
constexpr double kNearlyAsMuch = 0.9;

/// Whether a separator has cut a quoted text: one quote stands in this field, its partner in another.
bool cuts_quotes(const CsvRecord& record, std::string_view quotes) {
  return std::ranges::any_of(record.fields, [&](const auto& field) {
    return !field.quoted && std::ranges::any_of(quotes, [&](const char quote) {
      return std::ranges::count(field.raw, quote) % 2 == 1;
    });
  });
}

/// Whether a comma between these texts is that of a number: `x;1` and `5`, not `1` and `2.5`.
bool is_decimal_comma(std::string_view before, std::string_view after) {
  constexpr std::string_view kEndsOfWords = " ;|\t";
  auto whole = before.substr(before.find_last_of(kEndsOfWords) + 1);
  const auto fraction = after.substr(0, after.find_first_of(kEndsOfWords));
  if (whole.starts_with('-')) whole.remove_prefix(1);
  return !whole.empty() && whole.find_first_not_of("0123456789.") == std::string_view::npos &&
         !fraction.empty() && fraction.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whether the separator between two fields looks like a part of a text: a blank behind it and none before it
/// ("Paris, France"), a comma in a number ("1,5"), a tab that only pads another separator ("1,\t2").
bool stands_in_text(const CsvField& before, const CsvField& after, char separator) {
  if (separator == '\t')
    return !before.quoted && !before.raw.empty() && std::string_view(",;|").contains(before.raw.back());
  if (before.quoted || after.quoted) return false;
  const bool blank = after.raw.starts_with(' ') && !before.raw.ends_with(' ');
  return blank || (separator == ',' && is_decimal_comma(before.raw, after.raw));
}

bool stands_in_texts(const CsvRecord& record, char separator) {
  for (std::size_t i = 1; i < record.fields.size(); ++i) {
    if (stands_in_text(record.fields[i - 1], record.fields[i], separator)) return true;
  }
  return false;
}

/// How well a dialect explains the sample. Shares are those of its records.
struct Fit {
  CsvDialect dialect;
  std::size_t columns = 0;  ///< of the header
  double agreeing = 0;      ///< share with as many fields
  double cut = 0;           ///< share in which a quoted text is cut
  double in_texts = 0;      ///< share in which the separator stands in texts
  bool header_cut = false;
  bool header_in_texts = false;

  bool splits() const { return columns > 1 && agreeing > kMost; }
  bool of_texts() const { return header_in_texts && in_texts > kMost; }
  /// Records in which quoted texts are cut speak against a dialect, but no more than that: inches and
  /// apostrophes stand alone.
  double explained() const { return columns < 2 ? 0 : agreeing * agreeing * (1.0 - cut / 2); }
  double score() const { return explained() * (1.0 + static_cast<double>(columns) / 1000.0); }
};

Fit fit_of(std::string_view sample, const CsvDialect& dialect, std::string_view quotes) {
  Fit fit{.dialect = dialect};
  CsvScanner scanner(sample, dialect);
  CsvRecord record;
  std::size_t records = 0;
  while (records < kRecordsMax && scanner.next(record)) {
    const bool last = scanner.position() >= sample.size();
    if (record.blank()) continue;
    if (last && records > 0 && !record.ended()) break;  // it may be cut
    const bool cut = cuts_quotes(record, quotes);
    const bool in_texts = stands_in_texts(record, dialect.separator.front());
    if (records++ == 0) {
      fit.columns = record.fields.size();
      fit.header_cut = cut;
      fit.header_in_texts = in_texts;
    }
    if (!record.problem && record.fields.size() == fit.columns) ++fit.agreeing;
    if (cut) ++fit.cut;
    if (in_texts) ++fit.in_texts;
  }
  for (auto* count : {&fit.agreeing, &fit.cut, &fit.in_texts})
    *count /= static_cast<double>(std::max<std::size_t>(records, 1));
  return fit;
}

std::string name_of(const Fit& fit) {
  const auto separator = fit.dialect.separator.front();
  return separator == ',' ? "comma" : separator == ';' ? "semicolon" : separator == '|' ? "bar" : "tab";
}

Error undecided(const std::vector<Fit>& fits) {
  std::string names;
  for (const auto& fit : fits) names += (names.empty() ? "the " : " or the ") + name_of(fit);
  return invalid("The CSV file's separator can't be told: it may be " + names +
                 ". Create the job with the right one as csvParsingOptions.separatorSequence.");
}

double most_explained(const std::vector<Fit>& fits) {
  return std::ranges::max(fits, {}, &Fit::explained).explained();
}

/// Which of the fits, the best of each separator, is right. Where several explain the file, a guess would
/// shift values into other columns without a word: something must speak for one of them.
Result<CsvDialect> choose(const std::vector<Fit>& fits) {
  const auto& best = std::ranges::max(fits, {}, &Fit::score);
  auto rivals = fits;
  std::erase_if(rivals, [&](const Fit& fit) {
    return !fit.splits() || fit.header_cut > best.header_cut || fit.cut > best.cut + kMost;
  });
  if (rivals.size() < 2) return best.dialect;
  auto left = rivals;
  if (!std::ranges::all_of(left, &Fit::of_texts)) std::erase_if(left, &Fit::of_texts);
  // A header has a tab for no other reason.
  for (const auto& fit : left) {
    if (fit.dialect.separator == "\t") return fit.dialect;
  }
  // What explains far less of the file than one that was put aside does not win.
  std::erase_if(left, [least = most_explained(rivals) * kNearlyAsMuch](const Fit& fit) {
    return fit.explained() < least;
  });
  if (left.empty()) return undecided(rivals);
  std::erase_if(left, [most = most_explained(left)](const Fit& fit) { return fit.explained() < most; });
  if (left.size() > 1) return undecided(left);
  return left.front().dialect;
}

}  // namespace

Result<CsvDialect> detect_csv_dialect(std::string_view sample, const CsvOptions& options) {
  CsvDialect given;
  if (options.separator) given.separator = *options.separator;
  if (options.quote && !options.quote->empty()) given.quote = options.quote->front();
  given.escape = given.quote;
  if (options.escape && !options.escape->empty()) given.escape = options.escape->front();

  const auto quotes = options.quote && !options.quote->empty() ? *options.quote : std::string("\"'");
  const auto best_with = [&](const std::string& separator) {
    auto candidate = given;
    candidate.separator = separator;
    auto best = fit_of(sample, candidate, quotes);
    const auto consider = [&](const CsvDialect& dialect) {
      // A later candidate must be clearly better: the first ones are the usual ones.
      auto fit = fit_of(sample, dialect, quotes);
      if (fit.score() > best.score() + 1e-9) best = std::move(fit);
    };
    const auto with_escape = [&](CsvDialect dialect) {
      if (options.escape || !sample.contains('\\')) return;
      dialect.escape = '\\';
      consider(dialect);
    };
    with_escape(candidate);
    if (options.quote || !sample.contains('\'')) return best;
    candidate.quote = '\'';
    if (!options.escape) candidate.escape = '\'';
    consider(candidate);
    with_escape(candidate);
    return best;
  };
  if (options.separator) return best_with(*options.separator).dialect;
  return choose({best_with(","), best_with(";"), best_with("\t"), best_with("|")});
}

}  // namespace adit
