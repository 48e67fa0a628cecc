#include "formats/parquet_footer.h"

#include <algorithm>

#include "formats/file_kind.h"

namespace adit {
namespace {

using thrift::Fields;
using thrift::StructWriter;
using thrift::Type;

// Field ids of parquet.thrift.
namespace file_metadata {
constexpr std::int16_t kSchema = 2;
constexpr std::int16_t kNumRows = 3;
constexpr std::int16_t kRowGroups = 4;
constexpr std::int16_t kEncryptionAlgorithm = 8;
}  // namespace file_metadata
namespace row_group {
constexpr std::int16_t kColumns = 1;
constexpr std::int16_t kNumRows = 3;
constexpr std::int16_t kFileOffset = 5;
constexpr std::int16_t kOrdinal = 7;
}  // namespace row_group
namespace column_chunk {
constexpr std::int16_t kFilePath = 1;
constexpr std::int16_t kFileOffset = 2;
constexpr std::int16_t kMetadata = 3;
constexpr std::int16_t kOffsetIndexOffset = 4;
constexpr std::int16_t kColumnIndexLength = 7;
constexpr std::int16_t kCryptoMetadata = 8;
constexpr std::int16_t kEncryptedMetadata = 9;
}  // namespace column_chunk
namespace column_metadata {
constexpr std::int16_t kTotalCompressedSize = 7;
constexpr std::int16_t kDataPageOffset = 9;
constexpr std::int16_t kIndexPageOffset = 10;
constexpr std::int16_t kDictionaryPageOffset = 11;
constexpr std::int16_t kBloomFilterOffset = 14;
constexpr std::int16_t kBloomFilterLength = 15;
}  // namespace column_metadata

constexpr std::uint64_t kMagicBytes = 4;
// Old writers left the header of the dictionary page out of a column's size; readers allow for this much.
constexpr std::uint64_t kSizeSlackBytes = 100;
// Heads of lists and fields whose encoding may grow when others go.
constexpr std::uint64_t kFramingBytes = 64;

Error unreadable() { return invalid("its footer can't be read; it may be damaged"); }

Result<Fields> read_struct(std::string_view text) {
  auto fields = Fields::read(text);
  if (!fields || !text.empty()) return unreadable();
  return fields;
}

/// The structs of a list field; none where the field is missing.
Result<std::vector<std::string_view>> read_list(const Fields& fields, std::int16_t id) {
  const auto* field = fields.find(id);
  if (field == nullptr) return std::vector<std::string_view>();
  auto elements = thrift::struct_list(*field);
  if (!elements) return unreadable();
  return elements;
}

Result<Fields> metadata_of(const Fields& column) {
  if (column.find(column_chunk::kCryptoMetadata) != nullptr ||
      column.find(column_chunk::kEncryptedMetadata) != nullptr) {
    return invalid("it is encrypted");
  }
  // A binary value is its length and its bytes: one byte is an empty one.
  if (const auto* path = column.find(column_chunk::kFilePath); path != nullptr && path->bytes.size() > 1) {
    return invalid("its columns lie in other files");
  }
  const auto* metadata = column.find(column_chunk::kMetadata);
  if (metadata == nullptr || metadata->type != Type::kStruct) return unreadable();
  return read_struct(metadata->bytes);
}

struct Extent {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Result<Extent> extent_of(const Fields& metadata) {
  const auto data = metadata.integer(column_metadata::kDataPageOffset);
  const auto size = metadata.integer(column_metadata::kTotalCompressedSize);
  if (!data || !size || *data <= 0 || *size < 0) return unreadable();
  auto begin = *data;
  for (const auto id : {column_metadata::kIndexPageOffset, column_metadata::kDictionaryPageOffset}) {
    // Some writers say 0 where there is no such page.
    if (const auto offset = metadata.integer(id); offset && *offset > 0) begin = std::min(begin, *offset);
  }
  return Extent{static_cast<std::uint64_t>(begin),
                static_cast<std::uint64_t>(begin) + static_cast<std::uint64_t>(*size)};
}

Result<ParquetFooter::RowGroup> read_row_group(std::string_view text) {
  ADIT_TRY(const auto fields, read_struct(text));
  ADIT_TRY(const auto columns, read_list(fields, row_group::kColumns));
  const auto rows = fields.integer(row_group::kNumRows);
  if (!rows || *rows < 0 || columns.empty()) return unreadable();
  ParquetFooter::RowGroup group{UINT64_MAX, 0, static_cast<std::uint64_t>(*rows), text.size()};
  for (const auto encoded : columns) {
    ADIT_TRY(const auto column, read_struct(encoded));
    ADIT_TRY(const auto metadata, metadata_of(column));
    ADIT_TRY(const auto extent, extent_of(metadata));
    group.begin = std::min(group.begin, extent.begin);
    group.end = std::max(group.end, extent.end);
  }
  return group;
}

/// Each group ends where the next begins at the latest, the last one at the footer.
Result<void> settle_ends(std::vector<ParquetFooter::RowGroup>& groups, std::uint64_t data_end) {
  std::uint64_t before = kMagicBytes;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    auto& group = groups[i];
    const auto limit = i + 1 < groups.size() ? groups[i + 1].begin : data_end;
    if (group.begin < before || group.end > limit) {
      return invalid("its row groups do not lie one behind the other");
    }
    group.end = std::min(group.end + kSizeSlackBytes, limit);
    before = group.end;
  }
  return {};
}

std::string moved_metadata(const Fields& metadata, std::int64_t shift) {
  StructWriter writer;
  for (const auto& field : metadata) {
    switch (field.id) {
      case column_metadata::kBloomFilterOffset:
      case column_metadata::kBloomFilterLength:
        break;
      case column_metadata::kDataPageOffset:
      case column_metadata::kIndexPageOffset:
      case column_metadata::kDictionaryPageOffset: {
        const auto offset = metadata.integer(field.id).value_or(0);
        writer.integer(field.id, field.type, offset > 0 ? offset + shift : offset);
        break;
      }
      default:
        writer.field(field);
    }
  }
  return std::move(writer).finish();
}

Result<std::string> moved_column(std::string_view text, std::int64_t shift) {
  ADIT_TRY(const auto column, read_struct(text));
  ADIT_TRY(const auto metadata, metadata_of(column));
  StructWriter writer;
  for (const auto& field : column) {
    if (field.id >= column_chunk::kOffsetIndexOffset && field.id <= column_chunk::kColumnIndexLength)
      continue;
    if (field.id == column_chunk::kMetadata) {
      writer.nested(field.id, moved_metadata(metadata, shift));
    } else if (field.id == column_chunk::kFileOffset) {
      const auto offset = column.integer(field.id).value_or(0);
      writer.integer(field.id, field.type, offset > 0 ? offset + shift : offset);
    } else {
      writer.field(field);
    }
  }
  return std::move(writer).finish();
}

Result<std::string> moved_row_group(std::string_view text, std::int64_t shift, std::size_t ordinal) {
  ADIT_TRY(const auto group, read_struct(text));
  ADIT_TRY(const auto columns, read_list(group, row_group::kColumns));
  std::vector<std::string> moved;
  for (const auto column : columns) {
    ADIT_TRY(auto one, moved_column(column, shift));
    moved.push_back(std::move(one));
  }
  StructWriter writer;
  for (const auto& field : group) {
    if (field.id == row_group::kColumns) {
      writer.structs(field.id, moved);
    } else if (field.id == row_group::kFileOffset) {
      const auto offset = group.integer(field.id).value_or(0);
      writer.integer(field.id, field.type, offset > 0 ? offset + shift : offset);
    } else if (field.id == row_group::kOrdinal) {
      writer.integer(field.id, field.type, static_cast<std::int64_t>(ordinal));
    } else {
      writer.field(field);
    }
  }
  return std::move(writer).finish();
}

}  // namespace

Result<std::uint32_t> parquet_footer_bytes(std::string_view tail, std::uint64_t file_bytes) {
  if (tail.size() != kParquetTailBytes || tail.substr(4) == "PARE") {
    return invalid(tail.substr(std::min<std::size_t>(4, tail.size())) == "PARE" ? "it is encrypted"
                                                                                : "it is no Parquet file");
  }
  if (tail.substr(4) != kParquetMagic) return invalid("it is no Parquet file, or it is cut off");
  std::uint32_t bytes = 0;
  for (std::size_t i = 4; i-- > 0;) bytes = (bytes << 8) | static_cast<std::uint8_t>(tail[i]);
  if (bytes == 0 || bytes + kMagicBytes + kParquetTailBytes > file_bytes) return unreadable();
  return bytes;
}

Result<void> check_parquet_footer_bytes(std::uint32_t bytes) {
  if (bytes <= kParquetFooterBytesMax) return {};
  return invalid("The Parquet file's footer has " + std::to_string(bytes) + " bytes; at most " +
                 std::to_string(kParquetFooterBytesMax) +
                 " are read. Write the file with larger row groups, or its rows into several files.");
}

Result<void> check_parquet_footer(std::string_view text) {
  const auto counts = thrift::count_lists(text, file_metadata::kSchema);
  if (!counts) return invalid("The Parquet file's footer can't be read; it may be cut off or damaged.");
  if (counts->of_field > kParquetColumnsMax) {
    return invalid("The Parquet file has " + std::to_string(counts->of_field) + " columns; at most " +
                   std::to_string(kParquetColumnsMax) +
                   " are read. Send its columns in several files, into several tables.");
  }
  if (counts->structs > kParquetStructsMax) {
    return invalid("The Parquet file's footer describes " + std::to_string(counts->structs) +
                   " row groups and columns of them; at most " + std::to_string(kParquetStructsMax) +
                   " are read. Write the file with larger row groups, or its rows into several files.");
  }
  return {};
}

Result<ParquetFooter> ParquetFooter::read(std::string_view text, std::uint64_t data_end) {
  ParquetFooter footer;
  const auto size = text.size();
  ADIT_TRY(footer.fields_, read_struct(text));
  if (footer.fields_.find(file_metadata::kEncryptionAlgorithm) != nullptr) return invalid("it is encrypted");
  ADIT_TRY(footer.encoded_groups_, read_list(footer.fields_, file_metadata::kRowGroups));
  std::uint64_t of_groups = 0;
  for (const auto encoded : footer.encoded_groups_) {
    ADIT_TRY(const auto group, read_row_group(encoded));
    footer.row_groups_.push_back(group);
    of_groups += encoded.size();
  }
  ADIT_CHECK(settle_ends(footer.row_groups_, data_end));
  footer.common_bytes_ = size - of_groups + kFramingBytes;
  return footer;
}

Result<std::string> ParquetFooter::footer_of(std::size_t first, std::size_t last) const {
  const auto shift =
      static_cast<std::int64_t>(kMagicBytes) - static_cast<std::int64_t>(row_groups_[first].begin);
  std::vector<std::string> groups;
  std::uint64_t rows = 0;
  for (auto i = first; i < last; ++i) {
    ADIT_TRY(auto group, moved_row_group(encoded_groups_[i], shift, i - first));
    groups.push_back(std::move(group));
    rows += row_groups_[i].rows;
  }
  StructWriter writer;
  for (const auto& field : fields_) {
    if (field.id == file_metadata::kNumRows) {
      writer.integer(field.id, field.type, static_cast<std::int64_t>(rows));
    } else if (field.id == file_metadata::kRowGroups) {
      writer.structs(field.id, groups);
    } else {
      writer.field(field);
    }
  }
  auto footer = std::move(writer).finish();
  const auto bytes = static_cast<std::uint32_t>(footer.size());
  for (int i = 0; i < 4; ++i) footer += static_cast<char>(bytes >> (8 * i));
  return footer += kParquetMagic;
}

}  // namespace adit
