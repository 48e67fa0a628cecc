// ParquetFooter: where the row groups of a Parquet file lie, and the footer of a smaller file that holds some
// of them. Source: parquet.thrift of apache/parquet-format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/thrift_compact.h"

namespace adit {

/// The end of every Parquet file: four bytes of the footer's size, little-endian, and `PAR1`.
inline constexpr std::size_t kParquetTailBytes = 8;

/// The size of the footer that stands before the tail. kInvalid where the tail is not that of a Parquet file,
/// or the file of `file_bytes` is smaller than what it claims.
Result<std::uint32_t> parquet_footer_bytes(std::string_view tail, std::uint64_t file_bytes);

/// What a footer may have: a reader takes a hundred times its size and more. No file that somebody wants to
/// read comes near.
inline constexpr std::uint32_t kParquetFooterBytesMax = 64 << 20;
inline constexpr std::uint64_t kParquetColumnsMax = 100'000;  ///< groups of nested ones included
inline constexpr std::uint64_t kParquetStructsMax =
    4'000'000;  ///< row groups, columns of each, their statistics
/// kInvalid, with the bound and how to mend it, where the size that parquet_footer_bytes() says is too much.
Result<void> check_parquet_footer_bytes(std::uint32_t bytes);
/// The same of what stands in the footer, and where that can't be read; in no memory of its own.
Result<void> check_parquet_footer(std::string_view text);

/// A footer that was read. Immutable; refers to the text it was read from, which must outlive it.
///
/// A file made of some of the row groups is `PAR1`, the bytes of those groups as they are, and footer_of()
/// with its tail: pages are not touched, so that the values are the same to the bit. Indexes of pages and
/// bloom filters, which would lie elsewhere, are left out; readers do without them.
class ParquetFooter {
 public:
  struct RowGroup {
    std::uint64_t begin = 0;  ///< offset in the file
    std::uint64_t end = 0;
    std::uint64_t rows = 0;
    std::uint64_t footer_bytes = 0;  ///< what it adds to a footer, at most
  };

  /// `text` is the footer without the tail; `data_end` is where it begins in the file. kInvalid where it
  /// can't be read, and for files whose row groups can't be taken apart: encrypted ones, data in other files,
  /// groups that lie within each other.
  static Result<ParquetFooter> read(std::string_view text, std::uint64_t data_end);

  const std::vector<RowGroup>& row_groups() const { return row_groups_; }
  /// What every footer holds besides its row groups, at most.
  std::uint64_t common_bytes() const { return common_bytes_; }

  /// Footer and tail of a file that holds the row groups [first, last) behind `PAR1`. kInvalid for a group
  /// that can't be read.
  Result<std::string> footer_of(std::size_t first, std::size_t last) const;

 private:
  thrift::Fields fields_;
  std::vector<std::string_view> encoded_groups_;
  std::vector<RowGroup> row_groups_;
  std::uint64_t common_bytes_ = 0;
};

}  // namespace adit
