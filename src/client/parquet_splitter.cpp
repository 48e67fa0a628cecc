#include "client/parquet_splitter.h"

#include <utility>

#include "client/human.h"
#include "formats/file_kind.h"

namespace adit::client {
namespace {

// Above this the footer describes more than anybody would want to hold in memory.
constexpr std::uint32_t kFooterBytesMax = 256 << 20;
constexpr const char* kMend = "Write it with smaller row groups or as several files.";

std::string size_text(std::uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

Error cannot_split(const InputFile& file, std::uint64_t piece_bytes_max, const std::string& why) {
  return invalid(file.name() + " takes " + size_text(file.bytes()) + ", more than a chunk of " +
                 size_text(piece_bytes_max) + ", and can't be split at its row groups: " + why + ". " +
                 kMend);
}

}  // namespace

Result<ParquetSplitter> ParquetSplitter::create(const InputFile& file, std::uint64_t piece_bytes_max) {
  const auto bytes = file.bytes();
  if (bytes < kParquetMagic.size() + kParquetTailBytes) {
    return cannot_split(file, piece_bytes_max, "it is no Parquet file");
  }
  ADIT_TRY(const auto tail, file.read(bytes - kParquetTailBytes, kParquetTailBytes));
  const auto footer_bytes = parquet_footer_bytes(tail, bytes);
  if (!footer_bytes) return cannot_split(file, piece_bytes_max, footer_bytes.error().public_message);
  if (*footer_bytes > kFooterBytesMax) {
    return cannot_split(file, piece_bytes_max, "its footer takes " + size_text(*footer_bytes));
  }
  const auto begin = bytes - kParquetTailBytes - *footer_bytes;
  ADIT_TRY(auto content, file.read(begin, *footer_bytes));
  auto text = std::make_unique<const std::string>(std::move(content));
  auto footer = ParquetFooter::read(*text, begin);
  if (!footer) return cannot_split(file, piece_bytes_max, footer.error().public_message);
  return ParquetSplitter(file.name(), std::move(text), *std::move(footer), piece_bytes_max);
}

Result<std::optional<ParquetPiece>> ParquetSplitter::next() {
  const auto& groups = footer_.row_groups();
  if (group_ >= groups.size()) return std::optional<ParquetPiece>();
  const auto first = group_;
  const auto fixed = kParquetMagic.size() + footer_.common_bytes() + kParquetTailBytes;
  ParquetPiece piece;
  piece.rows_before = rows_;
  std::uint64_t footers = 0;
  while (group_ < groups.size()) {
    const auto& group = groups[group_];
    footers += group.footer_bytes;
    if (fixed + footers + group.end - groups[first].begin > piece_bytes_max_) break;
    rows_ += group.rows;
    ++group_;
  }
  if (group_ == first) {
    return invalid(name_ + ": row group " + std::to_string(first) + " takes " +
                   size_text(groups[first].end - groups[first].begin) + ", more than a chunk of " +
                   size_text(piece_bytes_max_) + " may hold. " + kMend);
  }
  piece.offset = groups[first].begin;
  piece.length = groups[group_ - 1].end - piece.offset;
  auto footer = footer_.footer_of(first, group_);
  if (!footer) return invalid(name_ + " can't be split: " + footer.error().public_message + ".");
  piece.footer = *std::move(footer);
  return std::optional(std::move(piece));
}

}  // namespace adit::client
