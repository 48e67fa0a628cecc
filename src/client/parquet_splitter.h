// ParquetSplitter: a Parquet file as smaller files that hold some of its row groups each.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "client/input_file.h"
#include "formats/parquet_footer.h"

namespace adit::client {

/// The bytes of a piece are those of the file from `offset` on, between the file's magic word and `footer`.
struct ParquetPiece {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string footer;
  std::uint64_t rows_before = 0;
};

/// Lifecycle: create, then next() until there is no more. Holds the footer. One thread at a time.
class ParquetSplitter {
 public:
  /// kInvalid names the file and says why it can't be split.
  static Result<ParquetSplitter> create(const InputFile& file, std::uint64_t piece_bytes_max);

  /// As many row groups as fit; nothing at the end. kInvalid for one that is larger than a piece may be.
  Result<std::optional<ParquetPiece>> next();

 private:
  ParquetSplitter(std::string name, std::unique_ptr<const std::string> text, ParquetFooter footer,
                  std::uint64_t piece_bytes_max)
      : name_(std::move(name)),
        text_(std::move(text)),
        footer_(std::move(footer)),
        piece_bytes_max_(piece_bytes_max) {}

  std::string name_;
  std::unique_ptr<const std::string> text_;  // the footer points into it
  ParquetFooter footer_;
  std::uint64_t piece_bytes_max_;
  std::size_t group_ = 0;  // the next one
  std::uint64_t rows_ = 0;
};

}  // namespace adit::client
