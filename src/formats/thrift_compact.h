// The compact protocol of Apache Thrift (doc/specs/thrift-compact-protocol.md), as far as a Parquet footer
// needs it: a struct is read as its fields, whose values stay as they are encoded until somebody asks for
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace adit::thrift {

/// The numbers of the protocol. A bool field has its value in its type; in a list it is a byte.
enum class Type : std::uint8_t {
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kI16 = 4,
  kI32 = 5,
  kI64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
};

struct Field {
  std::int16_t id = 0;
  Type type{};
  std::string_view bytes;  ///< the value as it is encoded; empty for a bool
};

/// A struct's fields in the order of the text, which they point into.
class Fields {
 public:
  /// Reads one struct off the front of `text`. kInvalid when it is cut off, nested too deep, or no compact
  /// protocol at all.
  static Result<Fields> read(std::string_view& text);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  const Field* find(std::int16_t id) const;
  /// The number of an integer field of any width; nothing where there is none.
  std::optional<std::int64_t> integer(std::int16_t id) const;

 private:
  std::vector<Field> fields_;
};

/// The bytes of a binary field; none of a field of another type.
std::string_view binary(const Field& field);

/// How much there is in a struct, before anybody makes room for it.
struct ListCounts {
  std::uint64_t of_field = 0;  ///< elements of the lists of one field
  std::uint64_t structs = 0;   ///< elements of all lists of structs, however deep
};
/// Walks over the struct at the front of `text` and keeps nothing of it. kInvalid as with Fields::read().
Result<ListCounts> count_lists(std::string_view text, std::int16_t field);

/// The elements of a list of structs, each as it is encoded. kInvalid for another type.
Result<std::vector<std::string_view>> struct_list(const Field& field);

/// Writes a struct: `(field | integer | structs)* finish`, ids in ascending order.
class StructWriter {
 public:
  void field(const Field& field);
  void integer(std::int16_t id, Type type, std::int64_t value);
  /// A list of structs that are encoded already.
  void structs(std::int16_t id, const std::vector<std::string>& elements);
  /// A struct that is encoded already.
  void nested(std::int16_t id, std::string_view encoded) { field({id, Type::kStruct, encoded}); }
  std::string finish() &&;

 private:
  void head(std::int16_t id, Type type);

  std::string text_;
  std::int16_t last_id_ = 0;
};

}  // namespace adit::thrift
