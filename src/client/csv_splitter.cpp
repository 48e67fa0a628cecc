#include "client/csv_splitter.h"

#include <utility>

#include "client/human.h"

namespace adit::client {
namespace {

constexpr std::size_t kBlockBytes = 4 << 20;

std::string size_text(std::uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

}  // namespace

Result<CsvSplitter> CsvSplitter::create(InputFile file, CsvDialect dialect, std::uint64_t piece_bytes_max) {
  CsvSplitter splitter(std::move(file), std::move(dialect), piece_bytes_max);
  ADIT_CHECK(splitter.read_header());
  return splitter;
}

Result<void> CsvSplitter::read_header() {
  one_column_ = false;  // until the columns are known: blank lines before the header are no rows
  for (bool found = false; !found;) {
    ADIT_TRY(const auto record, peek());
    if (!record) break;
    found = record->rows > 0;
    take(*record);
  }
  rows_ = 0;
  header_lines_ = lines_;
  if (at_ >= piece_bytes_max_) {
    return invalid(file_.name() + ": the header alone takes " + size_text(at_) +
                   ", more than a chunk may hold (" + size_text(piece_bytes_max_) + ").");
  }
  ADIT_TRY(header_, file_.read(0, static_cast<std::size_t>(at_)));
  CsvScanner scanner(header_, dialect_);
  CsvRecord record;
  while (scanner.next(record) && record.blank()) {
  }
  one_column_ = record.fields.size() == 1;
  return {};
}

Result<void> CsvSplitter::read_block(std::size_t bytes) {
  ADIT_TRY(auto text, file_.read(at_, bytes));
  block_ = std::make_unique<std::string>(std::move(text));
  block_begin_ = at_;
  scanner_.emplace(*block_, dialect_);
  return {};
}

Result<std::optional<CsvSplitter::Record>> CsvSplitter::peek() {
  if (peeked_ || at_ >= file_.bytes()) return peeked_;
  if (!scanner_) ADIT_CHECK(read_block(kBlockBytes));
  CsvRecord record;
  while (true) {
    const auto line_before = scanner_->line();
    std::uint64_t rows = 0;
    bool any = scanner_->next(record);
    for (; one_column_ && any && record.blank() && scanner_->position() < block_->size(); ++rows)
      any = scanner_->next(record);
    if (one_column_ || !record.blank()) ++rows;
    const bool last_block = block_begin_ + block_->size() >= file_.bytes();
    // At the very end of a block more of the record may follow, were it only the LF of a CRLF.
    if (any && (scanner_->position() < block_->size() || last_block)) {
      peeked_ = Record{block_begin_ + scanner_->position() - at_, scanner_->line() - line_before, rows};
      return peeked_;
    }
    if (last_block) return invalid(file_.name() + " became shorter while it was read.");
    const bool too_small = block_begin_ == at_;
    if (too_small && block_->size() > piece_bytes_max_) {
      return invalid(file_.name() + ", line " + std::to_string(lines_ + 1) +
                     ": the record that begins there is longer than a chunk may be (" +
                     size_text(piece_bytes_max_) + "). Is a quote never closed?");
    }
    ADIT_CHECK(read_block(too_small ? block_->size() * 2 : kBlockBytes));
  }
}

void CsvSplitter::take(const Record& record) {
  at_ += record.bytes;
  lines_ += record.lines;
  rows_ += record.rows;
  peeked_.reset();
}

Result<std::optional<CsvPiece>> CsvSplitter::next() {
  const bool first = std::exchange(first_, false);
  CsvPiece piece;
  piece.offset = first ? 0 : at_;
  piece.lines_before = lines_ - header_lines_;
  piece.rows_before = rows_;
  auto bytes = static_cast<std::uint64_t>(header_.size());
  bool any = first;
  while (true) {
    ADIT_TRY(const auto record, peek());
    if (!record) break;
    if (bytes + record->bytes > piece_bytes_max_) {
      if (any && bytes > header_.size()) break;
      return invalid(
          file_.name() + ", line " + std::to_string(lines_ + 1) +
          ": the record that begins there and the header are longer together than a chunk may be (" +
          size_text(piece_bytes_max_) + ").");
    }
    bytes += record->bytes;
    any = true;
    take(*record);
  }
  if (!any) return std::optional<CsvPiece>();
  piece.length = at_ - piece.offset;
  return std::optional(piece);
}

}  // namespace adit::client
