#include "client/push_pieces.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "formats/csv_dialect.h"
#include "formats/file_kind.h"

namespace adit::client {
namespace {

// What the server looks at for the same purpose.
constexpr std::size_t kSampleBytes = 256 << 10;

std::string type_by_name(const std::string& name) {
  std::string ending = std::filesystem::path(name).extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return ending == ".parquet" ? "PARQUET" : ending == ".csv" ? "CSV" : "";
}

}  // namespace

Piece PieceSource::whole_file() const {
  const auto& file = files_[at_];
  Piece piece;
  piece.file = at_;
  piece.operation = file.operation;
  piece.body = {file.file, 0, file.file.bytes()};
  return piece;
}

Result<void> PieceSource::open_splitter() {
  const auto& file = files_[at_].file;
  if (options_.file_type == "CSV") {
    ADIT_TRY(splitter_, CsvSplitter::create(file, options_.dialect, options_.piece_bytes_max));
  } else {
    ADIT_TRY(splitter_, ParquetSplitter::create(file, options_.piece_bytes_max));
  }
  return {};
}

Result<std::optional<Piece>> PieceSource::next_of_file() {
  Piece piece = whole_file();
  if (auto* csv = std::get_if<CsvSplitter>(&splitter_)) {
    ADIT_TRY(const auto part, csv->next());
    if (!part) return std::optional<Piece>();
    piece.body.offset = part->offset;
    piece.body.length = part->length;
    piece.lines_before = part->lines_before;
    piece.rows_before = part->rows_before;
    if (part->offset > 0) {
      piece.body.before = csv->header();
      piece.bytes_before =
          static_cast<std::int64_t>(part->offset) - static_cast<std::int64_t>(csv->header().size());
    }
    return std::optional(std::move(piece));
  }
  ADIT_TRY(auto part, std::get<ParquetSplitter>(splitter_).next());
  if (!part) return std::optional<Piece>();
  piece.body.before = kParquetMagic;
  piece.body.offset = part->offset;
  piece.body.length = part->length;
  piece.body.after = std::move(part->footer);
  piece.rows_before = part->rows_before;
  return std::optional(std::move(piece));
}

Result<std::optional<Piece>> PieceSource::next() {
  while (at_ < files_.size()) {
    const bool fresh = std::holds_alternative<std::monostate>(splitter_);
    std::optional<Piece> piece;
    if (fresh && files_[at_].file.bytes() <= options_.piece_bytes_max) {
      piece = whole_file();
      ++at_;
    } else {
      auto found = [&]() -> Result<std::optional<Piece>> {
        if (fresh) ADIT_CHECK(open_splitter());
        return next_of_file();
      }();
      if (!found) {
        at_ = files_.size();
        return found;
      }
      piece = *std::move(found);
      if (!piece) {
        splitter_ = std::monostate();
        ++at_;
        continue;
      }
    }
    piece->sequence = sequence_++;
    return piece;
  }
  return std::optional<Piece>();
}

Result<std::string> file_type_of(const std::vector<PushFile>& files) {
  std::string type;
  for (const auto& [file, operation] : files) {
    std::string found = type_by_name(file.name());
    if (found.empty() && file.is_standard_input()) {
      ADIT_TRY(const auto beginning, file.read(0, kParquetMagic.size()));
      found = beginning == kParquetMagic ? "PARQUET" : "CSV";
    }
    if (found.empty()) return invalid(file.name() + " ends neither in .parquet nor in .csv; say --format.");
    if (!type.empty() && found != type) {
      return invalid(file.name() + " is " + found + ", the files before it are " + type +
                     "; a push takes files of one type.");
    }
    type = found;
  }
  return type;
}

Result<std::optional<CsvDialect>> dialect_for_cutting(const std::vector<PushFile>& files,
                                                      const CsvOptions& options,
                                                      std::uint64_t piece_bytes_max) {
  if (std::ranges::none_of(files, [&](const auto& file) { return file.file.bytes() > piece_bytes_max; })) {
    return std::optional<CsvDialect>();
  }
  std::optional<CsvDialect> dialect;
  for (const auto& [file, operation] : files) {
    ADIT_TRY(const auto sample, file.read(0, kSampleBytes));
    const auto found = detect_csv_dialect(sample, options);
    if (!found)
      return invalid(file.name() + ": " + found.error().public_message + " Here that is --separator.");
    if (dialect && *dialect != *found) {
      return invalid(
          file.name() + " and " + files.front().file.name() +
          " use different separators or quotes, and one of them is too large for one chunk. Push them "
          "one by one, or say --separator, --quote and --escape.");
    }
    dialect = *found;
  }
  return dialect;
}

}  // namespace adit::client
