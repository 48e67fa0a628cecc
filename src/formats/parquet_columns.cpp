#include "formats/parquet_columns.h"

#include <cstdint>
#include <optional>

#include "formats/parquet_footer.h"
#include "formats/thrift_compact.h"

namespace adit {
namespace {

using thrift::Fields;
using thrift::Type;

// Field ids of parquet.thrift.
constexpr std::int16_t kSchemaOfFile = 2;
namespace schema_element {
constexpr std::int16_t kName = 4;
constexpr std::int16_t kNumChildren = 5;
constexpr std::int16_t kLogicalType = 10;
}  // namespace schema_element
constexpr std::int16_t kNullOfLogicalType = 11;

Error unreadable() { return invalid("its footer can't be read; it may be damaged"); }

struct Element {
  ParquetColumn column;
  std::uint64_t children = 0;
};

Result<Element> read_element(std::string_view text) {
  ADIT_TRY(const auto fields, Fields::read(text));
  const auto* name = fields.find(schema_element::kName);
  const auto children = fields.integer(schema_element::kNumChildren).value_or(0);
  if (name == nullptr || name->type != Type::kBinary || children < 0) return unreadable();
  Element element{{.name = std::string(thrift::binary(*name))}, static_cast<std::uint64_t>(children)};
  if (const auto* logical = fields.find(schema_element::kLogicalType);
      logical != nullptr && logical->type == Type::kStruct) {
    auto encoded = logical->bytes;
    ADIT_TRY(const auto kinds, Fields::read(encoded));
    element.column.untyped = kinds.find(kNullOfLogicalType) != nullptr;
  }
  return element;
}

Result<std::string_view> footer_of(std::string_view file) {
  if (file.size() < kParquetTailBytes) return unreadable();
  ADIT_TRY(const auto bytes, parquet_footer_bytes(file.substr(file.size() - kParquetTailBytes), file.size()));
  return file.substr(file.size() - kParquetTailBytes - bytes, bytes);
}

}  // namespace

Result<std::vector<ParquetColumn>> parquet_columns(std::string_view file) {
  ADIT_TRY(auto footer, footer_of(file));
  ADIT_TRY(const auto fields, Fields::read(footer));
  const auto* schema = fields.find(kSchemaOfFile);
  if (schema == nullptr) return unreadable();
  // A tree, each element before its children: the first is the root, whose children are the columns.
  ADIT_TRY(const auto elements, thrift::struct_list(*schema));
  std::vector<ParquetColumn> columns;
  std::uint64_t expected = 0;  // columns of the root
  std::uint64_t inside = 0;    // elements that are parts of the last column and are still to come
  for (std::size_t i = 0; i < elements.size(); ++i) {
    ADIT_TRY(auto element, read_element(elements[i]));
    if (element.children >= elements.size()) return unreadable();
    if (i == 0) {
      expected = element.children;
      continue;
    }
    if (inside == 0) {
      columns.push_back(std::move(element.column));
    } else {
      --inside;
    }
    inside += element.children;
  }
  if (inside != 0 || columns.size() != expected) return unreadable();
  return columns;
}

}  // namespace adit
