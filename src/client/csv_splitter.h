// CsvSplitter: a CSV file in pieces that end where a record ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "client/input_file.h"
#include "formats/csv_scanner.h"

namespace adit::client {

struct CsvPiece {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  /// Lines and rows of the file before the first record of the piece; the header is counted in both files, so
  /// a line of a later piece is `lines_before` further down in the file than it is in the piece.
  std::uint64_t lines_before = 0;
  std::uint64_t rows_before = 0;
};

/// Lifecycle: create, then next() until there is no more. The pieces together are the file; every one but the
/// first is to be read with header() before it. Quotes and line ends within them are respected. Holds a block
/// of the file at a time, or its longest record. One thread at a time.
class CsvSplitter {
 public:
  /// `piece_bytes_max` includes the header that is put before a piece. kInvalid when the header alone is
  /// longer.
  static Result<CsvSplitter> create(InputFile file, CsvDialect dialect, std::uint64_t piece_bytes_max);

  /// All up to the end of the first record that is not blank, as it stands in the file.
  const std::string& header() const { return header_; }
  /// Nothing at the end. kInvalid names the line of a record that is longer than a piece may be.
  Result<std::optional<CsvPiece>> next();

 private:
  struct Record {
    std::uint64_t bytes = 0;  ///< with its line's end
    std::uint64_t lines = 0;
    std::uint64_t rows = 0;
  };

  CsvSplitter(InputFile file, CsvDialect dialect, std::uint64_t piece_bytes_max)
      : file_(std::move(file)), dialect_(std::move(dialect)), piece_bytes_max_(piece_bytes_max) {}

  Result<void> read_header();
  /// The record at `at_`; nothing at the end of the file. In a file of one column empty lines are rows, but
  /// at the end of a piece they were none: they go with the record behind them.
  Result<std::optional<Record>> peek();
  void take(const Record& record);
  Result<void> read_block(std::size_t bytes);

  InputFile file_;
  CsvDialect dialect_;
  std::uint64_t piece_bytes_max_;
  std::string header_;
  std::uint64_t header_lines_ = 0;
  bool one_column_ = false;
  bool first_ = true;

  // What has been given away ends here.
  std::uint64_t at_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t rows_ = 0;

  std::unique_ptr<std::string> block_;  // of the file, from block_begin_ on; the scanner points into it
  std::uint64_t block_begin_ = 0;
  std::optional<CsvScanner> scanner_;
  std::optional<Record> peeked_;
};

}  // namespace adit::client
