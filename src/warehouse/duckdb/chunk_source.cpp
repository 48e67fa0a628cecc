#include "warehouse/duckdb/chunk_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/file.h"
#include "formats/csv_dialect.h"
#include "formats/file_kind.h"
#include "formats/names.h"
#include "formats/parquet_columns.h"
#include "formats/parquet_footer.h"
#include "formats/text_types.h"
#include "warehouse/duckdb/mapped_file.h"
#include "warehouse/duckdb/parquet_schema.h"
#include "warehouse/duckdb/sql_text.h"
#include "warehouse/duckdb/table_columns.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSampleBytes = 256 << 10;
constexpr std::size_t kHeaderBytesMax = 2 << 20;
constexpr std::size_t kSampleRows = 1000;
/// Else a folder of a name like `env=prod`, somewhere above the chunks, were a column of theirs.
constexpr const char* kNoColumnsOfPath = ", hive_partitioning = false)";

Result<std::string> read_part(const fs::path& path, std::uint64_t offset, std::size_t bytes_max) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error(errno, "open " + path.string());
  std::string content;
  int error_number = 0;
  content.resize_and_overwrite(bytes_max, [&](char* bytes, std::size_t size) {
    std::size_t filled = 0;
    while (filled < size && error_number == 0) {
      const auto count =
          ::pread(file.get(), bytes + filled, size - filled, static_cast<off_t>(offset + filled));
      if (count == 0) break;
      if (count > 0) filled += static_cast<std::size_t>(count);
      if (count < 0 && errno != EINTR) error_number = errno;
    }
    return filled;
  });
  if (error_number != 0) return system_error(error_number, "read " + path.string());
  return content;
}

/// What the footer itself says: the engine renames columns of the same name, without regard to case, and
/// those of none, and cuts a name at a NUL.
Result<std::vector<ParquetColumn>> footer_columns(const fs::path& path) {
  ADIT_TRY(const auto file, MappedFile::open(path));
  return parquet_columns(file.bytes());
}

Result<std::string> read_beginning(const fs::path& path, std::size_t bytes_max) {
  return read_part(path, 0, bytes_max);
}

/// Before the engine makes room for what a footer says that there is. Where the file's end is that of no
/// Parquet file, the engine says what is wrong with it.
Result<void> check_footer(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error) return system_error(error.value(), "stat " + path.string());
  if (bytes < kParquetTailBytes) return {};
  ADIT_TRY(const auto tail, read_part(path, bytes - kParquetTailBytes, kParquetTailBytes));
  const auto footer_bytes = parquet_footer_bytes(tail, bytes);
  if (!footer_bytes) return {};
  ADIT_CHECK(check_parquet_footer_bytes(*footer_bytes));
  ADIT_TRY(const auto footer, read_part(path, bytes - kParquetTailBytes - *footer_bytes, *footer_bytes));
  return check_parquet_footer(footer);
}

Result<ChunkSource> open_parquet(Connection& connection, const fs::path& path, const std::string& beginning) {
  if (!beginning.starts_with(kParquetMagic)) {
    return invalid("The file is not a Parquet file; it looks like " +
                   std::string(describe_file_kind(beginning)) +
                   ". Send Parquet, or create the job with fileType CSV.");
  }
  ADIT_CHECK(check_footer(path));
  const std::string damaged = "The Parquet file's footer can't be read; it may be cut off or damaged";
  ChunkSource source{.from = "read_parquet(" + quote_literal(path.string()) + kNoColumnsOfPath, .path = path};
  const auto columns = columns_of(connection, source.from);
  if (!columns) {
    const auto& failure = columns.error();
    if (failure.of_circumstances()) return to_error(failure, source.from);
    return Error{ErrorKind::kInvalid, damaged + ": " + public_engine_message(failure.message, path),
                 failure.message};
  }
  const auto in_footer = footer_columns(path);
  if (!in_footer && in_footer.error().kind != ErrorKind::kInvalid) return in_footer.error();
  if (!in_footer || in_footer->size() != columns->size()) return invalid(damaged + ".");
  for (std::size_t i = 0; i < columns->size(); ++i) {
    const auto& column = (*columns)[i];
    // Columns without a type have no value that says one; the engine takes them for what they are stored as.
    const bool untyped = (*in_footer)[i].untyped && column.type == "INTEGER";
    source.columns.push_back({.name = (*in_footer)[i].name,
                              .field = source.fields++,
                              .reference = quote_identifier(column.name),
                              .engine_type = column.type,
                              .guess = untyped ? std::optional<StoredType>() : natural_type(column.type)});
  }
  ADIT_CHECK(consult_parquet_schema(connection, source));
  return source;
}

/// As large as the engine's own choice, which follows the longest line that is allowed: loads take the memory
/// that they took at its 2,000,000 bytes a line.
constexpr std::size_t kBufferBytes = 32'000'000;

/// The engine counts them with the line.
constexpr std::size_t kLineEndBytesMax = 2;

/// As the engine wants it said.
std::string escaped(std::string_view line_end) {
  return line_end == "\r\n" ? R"(\r\n)" : line_end == "\r" ? R"(\r)" : R"(\n)";
}

std::string csv_from(const fs::path& path, const CsvDialect& dialect, std::size_t columns,
                     const CsvReading& reading) {
  const auto& header_line_end = reading.header_line_end;
  std::string names;
  for (std::size_t i = 0; i < columns; ++i) {
    names += (i == 0 ? "'f" : ", 'f") + std::to_string(i) + "': 'VARCHAR'";
  }
  auto from = "read_csv(" + quote_literal(path.string()) +
              ", auto_detect = false, header = " + (header_line_end ? "false" : "true") +
              ", delim = " + quote_literal(dialect.separator) +
              ", quote = " + quote_literal(std::string(1, dialect.quote)) +
              ", escape = " + quote_literal(std::string(1, dialect.escape)) +
              ", nullstr = '', allow_quoted_nulls = false, compression = 'none', max_line_size = " +
              std::to_string(kCsvLineBytesMax + kLineEndBytesMax) +
              ", buffer_size = " + std::to_string(kBufferBytes) + ", columns = {" + names + "}";
  if (header_line_end && !header_line_end->empty() && !reading.mixed_line_ends)
    from += ", new_line = " + quote_literal(escaped(*header_line_end));
  if (reading.in_one_piece) from += ", parallel = false";
  if (reading.mixed_line_ends) from += ", strict_mode = false";
  from += kNoColumnsOfPath;
  if (header_line_end) from = "(SELECT * FROM " + from + " OFFSET 1)";
  // In a file of one column the engine then takes CRLF for the end of a row and of an empty one.
  if (reading.mixed_line_ends && columns == 1) from = "(SELECT * FROM " + from + " WHERE f0 IS NOT NULL)";
  if (reading.rows) from = "(SELECT * FROM " + from + " LIMIT " + std::to_string(*reading.rows) + ")";
  return from;
}

ChunkSource read_as(ChunkSource source, CsvReading reading) {
  source.from = csv_from(source.path, *source.dialect, source.fields, reading);
  source.reading = std::move(reading);
  return source;
}

/// Reads no further than to the last row. Costs a pass over the few files that it matters to.
Result<ChunkSource> without_empty_end(ChunkSource source) {
  if (source.fields > 1) return source;
  ADIT_TRY(const auto file, MappedFile::open(source.path));
  const auto text = file.bytes();
  const auto end = end_of_rows(text);
  if (end == text.size()) return source;
  CsvScanner scanner(text.substr(0, end), *source.dialect);
  CsvRecord record;
  std::uint64_t records = 0;
  while (scanner.next(record)) ++records;
  auto reading = source.reading;
  reading.rows = records - 1;  // the first one is the header
  return read_as(std::move(source), std::move(reading));
}

/// Guesses types from the rows behind the header.
void guess_types(CsvScanner& scanner, std::string_view sample, bool sample_is_all,
                 const std::vector<std::string>& keys, ChunkSource& source) {
  std::vector<TypeGuess> guesses;
  for (const auto& column : source.columns)
    guesses.emplace_back(contains_name(keys, column.name) ? ColumnUse::kKey : ColumnUse::kValue);
  CsvRecord record;
  for (std::size_t row = 0; row < kSampleRows && scanner.next(record); ++row) {
    const bool cut = scanner.position() >= sample.size() && !sample_is_all;
    if (cut || record.problem || record.fields.size() != guesses.size()) break;
    for (std::size_t i = 0; i < guesses.size(); ++i) {
      const auto& field = record.fields[i];
      if (field.quoted || !field.raw.empty()) guesses[i].add(field.raw);
    }
  }
  for (std::size_t i = 0; i < guesses.size(); ++i) source.columns[i].guess = guesses[i].type();
}

Result<ChunkSource> open_csv(const JobSpec& spec, const fs::path& path, std::string beginning) {
  if (!may_be_csv(beginning)) {
    return invalid("The file is not a CSV text in UTF-8; it looks like " +
                   std::string(describe_file_kind(beginning)) +
                   ". Send CSV, or create the job with the fileType that the file has.");
  }
  CsvRecord header;
  ADIT_TRY(auto dialect, detect_csv_dialect(beginning, spec.csv));
  bool found = CsvScanner(beginning, dialect).next(header);
  if (found && !header.ended() && beginning.size() == kSampleBytes) {
    ADIT_TRY(beginning, read_beginning(path, kHeaderBytesMax));
    ADIT_TRY(dialect, detect_csv_dialect(beginning, spec.csv));
  }
  CsvScanner scanner(beginning, dialect);
  found = scanner.next(header);
  if (!found || header.blank()) return invalid("The CSV file's first line, its header, is empty.");
  if (header.problem) {
    return invalid(
        "The CSV header (line 1) can't be read: a quoted name does not end properly. Close every quote and "
        "double the quotes inside a name.");
  }
  ChunkSource source{.from = {}, .dialect = dialect, .path = path};
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    // A nameless column is what data frames write for their index: its values are kept under a name made of
    // its place.
    auto name = csv_value(header.fields[i], dialect);
    if (name.empty()) name = "column_" + std::to_string(i + 1);
    source.columns.push_back({.name = std::move(name),
                              .field = source.fields++,
                              .reference = "f" + std::to_string(i),
                              .engine_type = "VARCHAR",
                              .guess = {}});
  }
  const bool sample_is_all = beginning.size() < kSampleBytes;
  guess_types(scanner, beginning, sample_is_all, spec.matching_keys(), source);
  CsvReading reading;
  if (header.text.find_first_of("\r\n") != std::string_view::npos) {
    reading.header_line_end = header.line_end;
    reading.in_one_piece = true;
  }
  return read_as(std::move(source), std::move(reading));
}

Result<void> check_names(const ChunkSource& source) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    const auto& name = source.columns[i].name;
    const auto what = "The file's column " + std::to_string(i + 1);
    ADIT_CHECK(check_column_name(name, what));
    const auto [first, is_new] = seen.emplace(fold_name(name), i);
    if (!is_new) {
      return invalid(what + ", \"" + name + "\", has the same name as column " +
                     std::to_string(first->second + 1) +
                     "; names are compared without regard to case. Rename one of them.");
    }
  }
  return {};
}

Result<void> check_keys(const ChunkSource& source, const JobSpec& spec) {
  std::string missing;
  std::string present;
  for (const auto& key : spec.key_columns()) {
    const auto folded = fold_name(key);
    const auto has =
        std::ranges::any_of(source.columns, [&](const auto& c) { return fold_name(c.name) == folded; });
    if (!has) missing += (missing.empty() ? "\"" : ", \"") + key + "\"";
  }
  if (missing.empty()) return {};
  for (const auto& column : source.columns) present += (present.empty() ? "\"" : ", \"") + column.name + "\"";
  return invalid("Internal error while validating the Parquet or CSV file: it lacks the key column(s) " +
                 missing + ". It has the columns " + shorten(present, 2000) +
                 ". Add the missing ones, or create the job with other keys.");
}

Result<std::string> read_sample(const fs::path& path) {
  ADIT_TRY(auto beginning, read_beginning(path, kSampleBytes));
  if (beginning.empty())
    return invalid("The file is an empty file (0 bytes). A table without rows needs a header or a footer.");
  return beginning;
}

/// Leaves the columns that the operation takes.
Result<void> check_and_trim(ChunkSource& source, const JobSpec& spec, ChunkOperation operation) {
  ADIT_CHECK(check_names(source));
  ADIT_CHECK(check_keys(source, spec));
  std::erase_if(source.columns, [](const auto& column) { return is_change_date(column.name); });
  if (operation != ChunkOperation::kDelete) return {};
  const auto keys = spec.matching_keys();
  if (keys.empty()) {
    return invalid("A chunk of rows to delete needs a job with keys and without allowDuplicate.");
  }
  std::erase_if(source.columns, [&](const auto& column) { return !contains_name(keys, column.name); });
  return {};
}

}  // namespace

ChunkSource with_mixed_line_ends(ChunkSource source) {
  auto reading = source.reading;
  reading.mixed_line_ends = reading.in_one_piece = true;
  return read_as(std::move(source), std::move(reading));
}

ChunkSource in_one_piece(ChunkSource source) {
  auto reading = source.reading;
  reading.in_one_piece = true;
  return read_as(std::move(source), std::move(reading));
}

bool is_own_failure(const EngineFailure& failure) {
  return failure.of_circumstances() || failure.type == DUCKDB_ERROR_INTERNAL ||
         failure.type == DUCKDB_ERROR_CATALOG || failure.type == DUCKDB_ERROR_BINDER ||
         failure.type == DUCKDB_ERROR_PARSER;
}

std::string public_engine_message(const std::string& message, const fs::path& path) {
  auto line = message.substr(0, message.find('\n'));
  for (auto at = line.find(path.string()); at != std::string::npos; at = line.find(path.string())) {
    line.replace(at, path.string().size(), "the file");
  }
  // What still looks like a path is not shown at all.
  if (line.find(path.parent_path().string()) != std::string::npos) return "the file can't be read.";
  return shorten(line, 300);
}

Result<ChunkSource> open_source(Connection& connection, const JobSpec& spec, ChunkOperation operation,
                                const fs::path& given_path) {
  if (spec.file_type == FileType::kCsv) {
    ADIT_TRY(auto source, open_csv_source(spec, operation, given_path));
    return without_empty_end(std::move(source));
  }
  const auto path = fs::absolute(given_path);
  ADIT_TRY(const auto beginning, read_sample(path));
  ADIT_TRY(auto source, open_parquet(connection, path, beginning));
  ADIT_CHECK(check_and_trim(source, spec, operation));
  return source;
}

Result<ChunkSource> open_csv_source(const JobSpec& spec, ChunkOperation operation,
                                    const fs::path& given_path) {
  const auto path = fs::absolute(given_path);
  ADIT_TRY(auto beginning, read_sample(path));
  ADIT_TRY(auto source, open_csv(spec, path, std::move(beginning)));
  ADIT_CHECK(check_and_trim(source, spec, operation));
  return source;
}

}  // namespace adit
