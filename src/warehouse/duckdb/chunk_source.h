// A chunk's file as something to SELECT from, with its columns. Used before an upload is acknowledged and
// again when the chunk is staged.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "formats/column_types.h"
#include "formats/csv_scanner.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/warehouse.h"

namespace adit {

/// The longest row of a CSV file, its quoted line ends included. The engine must hold one in a piece.
inline constexpr std::size_t kCsvLineBytesMax = 16 << 20;

struct SourceColumn {
  std::string name;
  std::size_t field = 0;            ///< its place in the file
  std::string reference;            ///< SQL that names it in `from`
  std::string engine_type;          ///< what the engine reads; VARCHAR for CSV
  std::optional<StoredType> guess;  ///< CSV: from the first rows, nullopt when they held no value; Parquet:
                                    ///< its natural type, nullopt when the file gives it none
  bool cuts_nanoseconds = false;    ///< Parquet: of its moments the engine reads no more than microseconds
};

/// How the engine is told to read a CSV file.
struct CsvReading {
  bool mixed_line_ends = false;  ///< takes LF and CRLF beside each other
  /// By one thread. Where the threads' parts of a file meet within a quoted value of several lines, the
  /// engine takes one of them for a row's beginning and fails.
  bool in_one_piece = false;
  /// The line end behind a header that has line ends in its names, possibly none. The engine takes the first
  /// line end of a file for that of all rows, and for the header's end, quoted or not: told where rows end,
  /// it reads the header as a row, which is left out.
  std::optional<std::string> header_line_end{};
  /// Of a file of one column that ends in empty lines, which the engine takes for rows without a value.
  std::optional<std::uint64_t> rows{};
};

struct ChunkSource {
  std::string from;  ///< a table function call; its rows come in the order of the file
  std::vector<SourceColumn> columns{};
  std::size_t fields = 0;               ///< columns of the file, those that are left out among them
  std::optional<CsvDialect> dialect{};  ///< CSV only
  std::filesystem::path path;
  CsvReading reading{};  ///< CSV only; as `from` says
};

/// Looks at header or footer and checks what can be checked without reading rows: the kind of file, names of
/// columns, key columns. kInvalid with a sentence for the client. The file's own change date column, if it
/// has one, is left out: the job's takes its place.
Result<ChunkSource> open_source(Connection& connection, const JobSpec& spec, ChunkOperation operation,
                                const std::filesystem::path& path);

/// The same for a CSV file, whose header the engine is not needed for.
Result<ChunkSource> open_csv_source(const JobSpec& spec, ChunkOperation operation,
                                    const std::filesystem::path& path);

/// The same CSV file read in the engine's lenient way, without which it refuses a mixture of LF and CRLF. It
/// lets damage pass as well, and takes a CR alone for something else: only for files that examine_csv() found
/// good.
ChunkSource with_mixed_line_ends(ChunkSource source);
/// The same CSV file read by one thread: slower, but also where quoted values have many lines.
ChunkSource in_one_piece(ChunkSource source);

/// Whether a failure while reading a chunk says nothing of its data.
bool is_own_failure(const EngineFailure& failure);

/// An engine's message as a client may see it: one line, no path, shortened.
std::string public_engine_message(const std::string& message, const std::filesystem::path& path);

}  // namespace adit
