// CsvScanner, detect_csv_dialect() and what looks at names and values. Input: separator, quote and escape,
// one line each and empty where they are to be detected; then the text.
#include <optional>
#include <string>
#include <vector>

#include "formats/csv_dialect.h"
#include "formats/csv_scanner.h"
#include "formats/file_kind.h"
#include "formats/names.h"
#include "formats/text_types.h"
#include "fuzz/fuzz_target.h"

namespace {

using namespace adit;

/// An option as a job may carry it: 1 to `bytes_max` bytes.
std::optional<std::string> option(std::string_view line, std::size_t bytes_max) {
  if (line.empty() || line.contains('\0')) return std::nullopt;
  return std::string(line.substr(0, bytes_max));
}

void look_at(const std::string& value) {
  static_cast<void>(guess_type(value));
  static_cast<void>(guess_type(value, ColumnUse::kKey));
  static_cast<void>(check_table_name(value));
  static_cast<void>(check_column_name(value, "The column"));
  const auto shown = shorten(value, 40);
  fuzz::require(is_utf8(shown), "a shortened text is UTF-8");
  if (is_utf8(value)) {
    const auto folded = fold_name(value);
    fuzz::require(fold_name(folded) == folded, "folding a name twice is folding it once");
  }
}

void scan(std::string_view text, const CsvDialect& dialect) {
  CsvScanner scanner(text, dialect);
  CsvRecord record;
  TypeGuess guess;
  std::uint64_t position = scanner.position();
  std::uint64_t line = 0;
  while (scanner.next(record)) {
    fuzz::require(scanner.position() > position, "every record takes some of the text");
    fuzz::require(scanner.position() <= text.size(), "no record reaches beyond the text");
    fuzz::require(record.line > line, "lines rise");
    fuzz::require(record.byte == position, "records follow each other");
    fuzz::require(record.text == text.substr(record.byte, record.text.size()), "a record is where it says");
    fuzz::require(!record.fields.empty(), "a record has fields");
    position = scanner.position();
    line = record.line;
    for (const auto& field : record.fields) {
      const auto value = csv_value(field, dialect);
      fuzz::require(value.size() <= field.raw.size(), "an escape makes a text shorter");
      look_at(value);
      guess.add(value);
    }
  }
  fuzz::require(scanner.position() == text.size() || text.empty(), "all of the text is read");
}

/// Values, written as CSV and read again, are the same.
void read_back(std::string_view text, const CsvDialect& dialect) {
  CsvScanner scanner(text, dialect);
  CsvRecord record;
  while (scanner.next(record)) {
    if (record.problem) continue;
    std::vector<std::string> values;
    std::string written;
    for (const auto& field : record.fields) {
      values.push_back(csv_value(field, dialect));
      written += written.empty() ? "\"" : ",\"";
      for (const char c : values.back()) written += c == '"' ? std::string("\"\"") : std::string(1, c);
      written += '"';
    }
    CsvScanner again(written, {});
    CsvRecord copy;
    fuzz::require(again.next(copy) && !copy.problem && copy.fields.size() == values.size(),
                  "a written record has its fields");
    for (std::size_t i = 0; i < values.size(); ++i)
      fuzz::require(csv_value(copy.fields[i], {}) == values[i], "a written value is read as it was");
    fuzz::require(!again.next(copy), "a written record is one record");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  CsvOptions options;
  options.separator = option(fuzz::take_line(text), 4);
  options.quote = option(fuzz::take_line(text), 1);
  options.escape = option(fuzz::take_line(text), 1);
  static_cast<void>(may_be_csv(text));
  fuzz::require(!describe_file_kind(text).empty(), "every file has a description");
  const auto detected = detect_csv_dialect(text, options);
  if (!detected) {
    fuzz::require(!options.separator, "a given separator is not asked for");
    return 0;
  }
  const auto& dialect = *detected;
  fuzz::require(!options.separator || dialect.separator == *options.separator, "a given separator is used");
  fuzz::require(!options.quote || dialect.quote == options.quote->front(), "a given quote is used");
  fuzz::require(!options.escape || dialect.escape == options.escape->front(), "a given escape is used");
  scan(text, dialect);
  read_back(text, dialect);
  return 0;
}
