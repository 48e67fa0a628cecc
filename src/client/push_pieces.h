// PieceSource: the chunks of a push, cut from its files one after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "client/csv_splitter.h"
#include "client/parquet_splitter.h"
#include "client/upload_body.h"
#include "model/table_schema.h"

namespace adit::client {

enum class Operation { kUpsert, kDelete };

struct PushFile {
  InputFile file;
  Operation operation = Operation::kUpsert;
};

/// One chunk to be sent, and where in its file it begins.
struct Piece {
  std::uint64_t sequence = 0;  ///< from 0, in the order of the rows
  std::size_t file = 0;        ///< index of its file
  Operation operation = Operation::kUpsert;
  UploadBody body;
  /// What to add to a line, row or byte of the chunk to have that of the file. The byte may go down: a header
  /// was put before the piece.
  std::uint64_t lines_before = 0;
  std::uint64_t rows_before = 0;
  std::int64_t bytes_before = 0;
};

struct PieceOptions {
  std::string file_type;  ///< PARQUET or CSV
  CsvDialect dialect;     ///< of CSV files
  std::uint64_t piece_bytes_max = 0;
};

/// A file that is not larger than a piece goes whole and unread. Lifecycle: next() until there is no more;
/// after an error there is no more. One thread at a time.
class PieceSource {
 public:
  PieceSource(std::vector<PushFile> files, PieceOptions options)
      : files_(std::move(files)), options_(std::move(options)) {}

  Result<std::optional<Piece>> next();

 private:
  using Splitter = std::variant<std::monostate, CsvSplitter, ParquetSplitter>;

  Result<void> open_splitter();
  Result<std::optional<Piece>> next_of_file();
  Piece whole_file() const;

  std::vector<PushFile> files_;
  PieceOptions options_;
  std::size_t at_ = 0;  // the file that is being cut
  std::uint64_t sequence_ = 0;
  Splitter splitter_;
};

/// PARQUET or CSV, the same for all: by the ends of the names, and for standard input by its first bytes.
/// kInvalid names the file.
Result<std::string> file_type_of(const std::vector<PushFile>& files);

/// The dialect of CSV files that are cut: found in the beginning of each as the server finds it, told in
/// `options` where it is. Nothing when no file is larger than a piece. kInvalid when files that would be read
/// differently are to be cut: a job has one dialect.
Result<std::optional<CsvDialect>> dialect_for_cutting(const std::vector<PushFile>& files,
                                                      const CsvOptions& options,
                                                      std::uint64_t piece_bytes_max);

}  // namespace adit::client
