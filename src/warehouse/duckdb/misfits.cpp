#include "warehouse/duckdb/misfits.h"

#include <algorithm>

#include "formats/names.h"
#include "warehouse/duckdb/mapped_file.h"
#include "warehouse/duckdb/table_columns.h"

namespace adit {
namespace {

constexpr std::size_t kValueBytesMax = 200;
constexpr std::size_t kRowBytesMax = 120;

std::string advice(const ChunkColumn& column, const std::string& type) {
  if (column.target.declared)
    return "Mend the value, or declare the column with a wider type in tableSchema.";
  if (column.target.in_target) {
    return "The table's column is " + type +
           " already and can't be widened for this value. Mend the value, or replace "
           "the table with a REPLACE job.";
  }
  return "Mend the value.";
}

/// Adds line and byte of the rows named, by reading the file once up to the last of them. Errors are in the
/// order of rows.
void add_places(const ChunkSource& source, std::vector<DataError>& errors) {
  if (!source.dialect || errors.empty()) return;
  const auto file = MappedFile::open(source.path);
  if (!file) return;
  CsvScanner scanner(file->bytes(), *source.dialect);
  CsvRecord record;
  if (!scanner.next(record)) return;
  const bool one_column = record.fields.size() == 1;
  std::uint64_t row = 0;
  auto error = errors.begin();
  while (error != errors.end() && scanner.next(record)) {
    if (record.blank() && !one_column) continue;
    ++row;
    for (; error != errors.end() && error->row == row; ++error) {
      error->line = record.line;
      error->byte = record.byte;
    }
  }
}

Result<std::vector<DataError>> read_rows(Connection& connection, const std::string& sql) {
  ADIT_TRY(const auto rows, run(connection, sql));
  std::vector<DataError> errors;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    DataError error;
    error.row = static_cast<std::uint64_t>(rows.integer(i, 0).value_or(0));
    if (auto value = rows.text(i, 1)) error.value = shorten(*value, kValueBytesMax);
    errors.push_back(std::move(error));
  }
  std::ranges::sort(errors, {}, &DataError::row);
  return errors;
}

DataError malformed(const CsvRecord& record, std::uint64_t row, std::string reason) {
  DataError error;
  error.row = row;
  error.line = record.line;
  error.byte = record.byte;
  error.value = shorten(record.text, kRowBytesMax);
  error.message = "Line " + std::to_string(record.line) + ": " + std::move(reason);
  return error;
}

/// The engine leaves out what stands behind the last column where it is empty: many programs end each row
/// with a separator.
std::size_t count_values(const CsvRecord& record, std::size_t columns) {
  auto count = record.fields.size();
  while (count > columns && !record.fields[count - 1].quoted && record.fields[count - 1].raw.empty()) --count;
  return count;
}

std::optional<std::string> fault_of(const CsvRecord& record, std::size_t columns) {
  if (record.problem == CsvProblem::kUnterminatedQuote) {
    return "a quoted value begins here and does not end before the file does. Close the quote, or double "
           "quotes inside "
           "of values.";
  }
  if (record.problem == CsvProblem::kTextAfterQuote) {
    return "text follows a closing quote. Double the quotes inside of a value.";
  }
  if (record.text.size() > kCsvLineBytesMax) {
    return "the row has " + std::to_string(record.text.size()) + " bytes, and at most " +
           std::to_string(kCsvLineBytesMax) +
           " are read. Shorten its values, send the file as Parquet, or close the quote if one is open.";
  }
  if (const auto values = count_values(record, columns); values != columns) {
    return "the row has " + std::to_string(values) +
           (values == 1 ? " value, the header has " : " values, the header has ") + std::to_string(columns) +
           ". Quote values that hold the separator, and write an empty value for each missing one.";
  }
  return std::nullopt;
}

/// How the lines of a file end. What the engine reads of a mixture was tried against this reader: LF and CRLF
/// come out right; a CR alone does not, nor an escape outside of quotes.
class LineEnds {
 public:
  LineEnds(const CsvDialect& dialect, std::size_t columns) : dialect_(dialect), columns_(columns) {}

  void add(const CsvRecord& record, std::uint64_t row) {
    has_return_ = has_return_ || record.line_end == "\r";
    has_escape_ = has_escape_ || (dialect_.escape != dialect_.quote && has_plain_escape(record));
    has_empty_row_ = has_empty_row_ || (columns_ == 1 && after_blank_ && !record.blank());
    after_blank_ = record.blank();
    if (first_.empty()) first_ = record.line_end;
    if (error_ || !record.ended() || record.line_end == first_) return;
    error_ = malformed(record, row,
                       "it ends with " + name_of(record.line_end) + ", the lines before it with " +
                           name_of(first_) + ". Save the file with the same line ending throughout.");
  }
  bool mixed() const { return error_.has_value(); }
  bool readable() const { return !has_return_ && !has_escape_ && !has_empty_row_; }
  /// Names the first line that ends otherwise; only where they are mixed.
  DataError error() const { return *error_; }

 private:
  static std::string name_of(std::string_view end) {
    return end == "\r" ? "CR" : end == "\n" ? "LF" : "CRLF";
  }
  bool has_plain_escape(const CsvRecord& record) const {
    return std::ranges::any_of(record.fields, [&](const auto& field) {
      return !field.quoted && field.raw.find(dialect_.escape) != std::string_view::npos;
    });
  }

  const CsvDialect& dialect_;
  std::size_t columns_;
  std::string_view first_;
  bool has_return_ = false;
  bool has_escape_ = false;
  bool has_empty_row_ = false;
  bool after_blank_ = false;
  std::optional<DataError> error_;
};

/// The column, by its header's name, whose value is not UTF-8.
std::optional<std::string> wrong_text_column(const CsvRecord& record, const std::vector<std::string>& names) {
  if (is_utf8(record.text)) return std::nullopt;
  for (std::size_t i = 0; i < record.fields.size() && i < names.size(); ++i) {
    if (!is_utf8(record.fields[i].raw)) return names[i];
  }
  return names.empty() ? std::string() : names.front();
}

}  // namespace

DataError only_message(std::string message) {
  DataError error;
  error.message = std::move(message);
  return error;
}

Tried<Diagnosis> diagnose(Connection& connection, const ChunkSelect& select) {
  const auto profiled = try_run(connection, select.profile_sql());
  if (!profiled) return std::unexpected(profiled.error());
  const auto& rows = *profiled;
  Diagnosis diagnosis;
  std::size_t flag = 0;
  for (std::size_t i = 0; i < select.columns().size(); ++i) {
    const auto& column = select.columns()[i];
    const bool misfit = rows.boolean(0, flag).value_or(false);
    const bool has_null = rows.boolean(0, flag + 1).value_or(false);
    const bool empty = rows.boolean(0, flag + 2).value_or(false);
    flag += ChunkSelect::kColumnFlags;
    std::optional<StoredType> found =
        column.text ? StoredType{.kind = TypeKind::kString} : natural_type(column.source.engine_type);
    if (column.text) {
      const auto candidates = text_candidates(column);
      for (std::size_t candidate = candidates.size(); candidate-- > 0;) {
        if (rows.boolean(0, flag + candidate).value_or(false)) found = candidates[candidate];
      }
      flag += candidates.size();
    }
    if (empty) found.reset();
    if (column.key && has_null) diagnosis.null_keys.push_back(i);
    if (misfit) diagnosis.misfits.push_back({i, found});
  }
  return diagnosis;
}

Result<std::vector<DataError>> describe_null_keys(Connection& connection, const ChunkSource& source,
                                                  const ChunkSelect& select,
                                                  const std::vector<std::size_t>& columns) {
  std::vector<DataError> all;
  for (const auto column : columns) {
    ADIT_TRY(auto errors, read_rows(connection, select.null_keys_sql(column, kDataErrorsMax)));
    add_places(source, errors);
    const auto& name = select.columns()[column].source.name;
    for (auto& error : errors) {
      error.column = name;
      error.message = "Row " + std::to_string(error.row.value_or(0)) + ": the key column \"" + name +
                      "\" has no value. Every row needs a value in each key column.";
      all.push_back(std::move(error));
    }
  }
  if (all.size() > kDataErrorsMax) all.resize(kDataErrorsMax);
  return all;
}

Result<std::vector<DataError>> describe_misfits(Connection& connection, const ChunkSource& source,
                                                const ChunkSelect& select, std::size_t column,
                                                const StoredType& type) {
  const auto& described = select.columns()[column];
  const bool widens = described.text && described.widens_table();
  const auto others = widens ? wider_types(described.target.type) : std::vector<StoredType>();
  ADIT_TRY(auto errors, read_rows(connection, select.misfits_sql(column, others, kDataErrorsMax)));
  // Each value has a type, but all of them have none.
  if (errors.empty()) {
    ADIT_TRY(errors, read_rows(connection, select.misfits_sql(column, {}, kDataErrorsMax)));
  }
  add_places(source, errors);
  for (auto& error : errors) {
    error.column = described.source.name;
    const auto reason = described.source.engine_type == "BLOB"
                            ? std::string(" is not valid UTF-8")
                            : " can't be stored exactly as " + client_name(type);
    error.message = "Row " + std::to_string(error.row.value_or(0)) + ", column \"" + described.source.name +
                    "\": the value \"" + shorten(error.value.value_or(""), kRowBytesMax) + "\"" + reason +
                    ". " + advice(described, client_name(type));
  }
  return errors;
}

bool hides_faults(const ChunkSource& source) {
  if (!source.dialect || source.reading.mixed_line_ends) return false;  // examined already
  const auto& [separator, quote, escape] = *source.dialect;
  // Told where rows end, the engine would take other line ends for text. Behind a closing quote it takes text
  // for a part of the value if that begins as a separator of several bytes does.
  if (source.reading.header_line_end || separator.size() > 1) return true;
  // So it does where the value goes on with another quote, behind blanks.
  if (escape != quote) return false;
  const auto file = MappedFile::open(source.path);
  if (!file) return false;
  const auto text = file->bytes();
  const std::string end{quote, ' '};
  for (auto at = text.find(end); at != std::string_view::npos; at = text.find(end, at)) {
    at = text.find_first_not_of(' ', at + 1);
    if (at != std::string_view::npos && text[at] == quote) return true;
  }
  return false;
}

CsvFindings examine_csv(const ChunkSource& source) {
  CsvFindings findings;
  auto& errors = findings.errors;
  const auto file =
      source.dialect ? MappedFile::open(source.path) : Result<MappedFile>(internal("not a CSV file"));
  if (!file) return findings;
  CsvScanner scanner(file->bytes(), *source.dialect);
  CsvRecord record;
  if (!scanner.next(record)) return findings;
  std::vector<std::string> names;
  for (const auto& field : record.fields) names.push_back(csv_value(field, *source.dialect));
  LineEnds line_ends(*source.dialect, names.size());
  line_ends.add(record, 0);
  for (std::uint64_t row = 1; errors.size() < kDataErrorsMax && scanner.next(record);) {
    line_ends.add(record, row);
    if (record.blank() && names.size() > 1) continue;
    if (auto fault = fault_of(record, names.size())) {
      errors.push_back(malformed(record, row, std::move(*fault)));
    } else if (auto column = wrong_text_column(record, names)) {
      errors.push_back(malformed(record, row, "a value is not valid UTF-8. Save the file as UTF-8."));
      errors.back().column = std::move(*column);
    }
    ++row;
  }
  if (errors.empty() && line_ends.mixed()) {
    findings.mixed_line_ends = line_ends.readable();
    if (!findings.mixed_line_ends) errors.push_back(line_ends.error());
  }
  return findings;
}

std::vector<DataError> describe_other_types(const JobSpec& spec, const std::vector<ColumnInfo>& table) {
  std::vector<DataError> errors;
  if (!spec.table_schema) return errors;
  for (const auto& declared : spec.table_schema->columns) {
    const auto* existing = find_column(table, declared.name);
    if (existing == nullptr || errors.size() == kDataErrorsMax) continue;
    const auto type = stored_type(existing->type);
    const auto wanted = stored_type(declared.type);
    if (type.kind == TypeKind::kOther || widened(type, wanted, StringWidening::kForbidden)) continue;
    DataError error;
    error.column = declared.name;
    error.message = "Column \"" + existing->name + "\": the table has it as " + client_name(type) +
                    ", and tableSchema declares it as " + client_name(wanted) +
                    ", which it can't be widened to. Declare it as " + client_name(type) +
                    ", or replace the table with a REPLACE job.";
    errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace adit
