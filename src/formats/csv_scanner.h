// Reads CSV text record by record, with positions: for headers, for detecting a dialect, and for saying where
// a file is wrong. Bulk reading is the engine's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace adit {

struct CsvDialect {
  std::string separator = ",";  ///< 1 to 4 bytes
  char quote = '"';
  char escape = '"';

  bool operator==(const CsvDialect&) const = default;
};

struct CsvField {
  std::string_view raw;  ///< without the enclosing quotes
  bool quoted = false;
};

enum class CsvProblem {
  kUnterminatedQuote,  ///< the text ends inside a quoted field
  kTextAfterQuote,     ///< something other than a separator or a line's end follows a closing quote
};

struct CsvRecord {
  std::vector<CsvField> fields;
  std::uint64_t line = 0;     ///< 1-based line on which it begins
  std::uint64_t byte = 0;     ///< 0-based offset at which it begins
  std::string_view text;      ///< all of it, without the line's end
  std::string_view line_end;  ///< LF, CRLF or CR; empty when the text ended before
  std::optional<CsvProblem> problem;

  bool ended() const { return !line_end.empty(); }
  bool blank() const { return fields.size() == 1 && !fields[0].quoted && fields[0].raw.empty(); }
};

/// Walks over a text that outlives it. Lines end with LF, CRLF or CR; a byte order mark is skipped. So are,
/// as by the engine, one blank before a quoted field, which else begins no quoted field, and all blanks
/// behind it.
class CsvScanner {
 public:
  CsvScanner(std::string_view text, CsvDialect dialect);

  /// False at the end of the text. A record with a problem ends at the next line's end, or at the text's.
  bool next(CsvRecord& record);
  std::uint64_t position() const { return at_; }
  /// 1-based line at which position() stands.
  std::uint64_t line() const { return line_; }

 private:
  bool at_separator() const;
  bool skip_to_quote();
  void read_quoted(CsvRecord& record);
  void read_plain(CsvRecord& record);
  void skip_line_end(CsvRecord& record);

  std::string_view text_;
  CsvDialect dialect_;
  std::array<bool, 256> ends_plain_{};  ///< bytes at which an unquoted field may end
  bool skips_blanks_ = true;            ///< around quotes
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;
};

/// Where the empty lines begin that a text ends with; its size where there are none. They are no rows, while
/// one between rows of one column is a row without a value.
std::size_t end_of_rows(std::string_view text);

/// The value of a field: escapes resolved.
std::string csv_value(const CsvField& field, const CsvDialect& dialect);

}  // namespace adit
