#include "formats/thrift_compact.h"

#include <algorithm>

namespace adit::thrift {
namespace {

constexpr int kDepthMax = 32;
constexpr std::size_t kVarintBytesMax = 10;

Error malformed() { return invalid("the structure can't be read"); }

// Walks over encoded values. Once something is wrong it stays at the end and says so.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool failed() const { return failed_; }
  std::size_t at() const { return at_; }
  std::uint64_t structs() const { return structs_; }

  std::uint8_t byte() {
    if (at_ >= text_.size()) return fail();
    return static_cast<std::uint8_t>(text_[at_++]);
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kVarintBytesMax; ++i) {
      const auto next = byte();
      value |= static_cast<std::uint64_t>(next & 0x7f) << (7 * i);
      if ((next & 0x80) == 0) return value;
    }
    return fail();
  }
  std::int64_t zigzag() {
    const auto value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  void skip_bytes(std::uint64_t count) {
    if (failed_ || count > text_.size() - at_) {
      fail();
    } else {
      at_ += static_cast<std::size_t>(count);
    }
  }

  /// The head of a list or set: its elements' type, and how many.
  std::pair<Type, std::uint64_t> list_head() {
    const auto head = byte();
    const std::uint64_t count = head >> 4 == 15 ? varint() : head >> 4;
    return {static_cast<Type>(head & 0x0f), count};
  }

  /// The head of a struct's next field; nothing at its end.
  std::optional<Field> field_head(std::int16_t last_id) {
    const auto head = byte();
    if (failed_ || head == 0) return std::nullopt;
    const auto delta = head >> 4;
    const auto id = delta == 0 ? zigzag() : last_id + delta;
    if (id < 0 || id > INT16_MAX) {
      fail();
      return std::nullopt;
    }
    return Field{static_cast<std::int16_t>(id), static_cast<Type>(head & 0x0f), {}};
  }

  enum class In { kField, kElement };

  void skip(Type type, In place, int depth) {
    if (depth > kDepthMax) fail();
    if (failed_) return;
    switch (type) {
      case Type::kTrue:
      case Type::kFalse:
        if (place == In::kElement) skip_bytes(1);
        return;
      case Type::kByte:
        return skip_bytes(1);
      case Type::kI16:
      case Type::kI32:
      case Type::kI64:
        varint();
        return;
      case Type::kDouble:
        return skip_bytes(8);
      case Type::kBinary:
        return skip_bytes(varint());
      case Type::kList:
      case Type::kSet:
        return skip_list(depth);
      case Type::kMap:
        return skip_map(depth);
      case Type::kStruct:
        return skip_struct(depth);
    }
    fail();
  }

 private:
  std::uint8_t fail() {
    failed_ = true;
    at_ = text_.size();
    return 0;
  }
  void skip_list(int depth) {
    const auto [type, count] = list_head();
    for (std::uint64_t i = 0; i < count && !failed_; ++i) {
      if (type == Type::kStruct) ++structs_;
      skip(type, In::kElement, depth + 1);
    }
  }
  void skip_map(int depth) {
    const auto count = varint();
    if (count == 0) return;
    const auto types = byte();
    for (std::uint64_t i = 0; i < count && !failed_; ++i) {
      skip(static_cast<Type>(types >> 4), In::kElement, depth + 1);
      skip(static_cast<Type>(types & 0x0f), In::kElement, depth + 1);
    }
  }
  void skip_struct(int depth) {
    std::int16_t last_id = 0;
    while (const auto field = field_head(last_id)) {
      skip(field->type, In::kField, depth + 1);
      last_id = field->id;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t structs_ = 0;
  bool failed_ = false;
};

void append_varint(std::string& text, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  text += static_cast<char>(value);
}

void append_zigzag(std::string& text, std::int64_t value) {
  append_varint(text, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

}  // namespace

Result<Fields> Fields::read(std::string_view& text) {
  Reader reader(text);
  Fields fields;
  std::int16_t last_id = 0;
  while (auto field = reader.field_head(last_id)) {
    const auto begin = reader.at();
    reader.skip(field->type, Reader::In::kField, 0);
    field->bytes = text.substr(begin, reader.at() - begin);
    last_id = field->id;
    fields.fields_.push_back(*field);
  }
  if (reader.failed()) return malformed();
  text.remove_prefix(reader.at());
  return fields;
}

Result<ListCounts> count_lists(std::string_view text, std::int16_t field) {
  Reader reader(text);
  ListCounts counts;
  std::int16_t last_id = 0;
  while (const auto next = reader.field_head(last_id)) {
    if (next->id == field && next->type == Type::kList)
      counts.of_field += Reader(text.substr(reader.at())).list_head().second;
    reader.skip(next->type, Reader::In::kField, 0);
    last_id = next->id;
  }
  if (reader.failed()) return malformed();
  counts.structs = reader.structs();
  return counts;
}

const Field* Fields::find(std::int16_t id) const {
  const auto found = std::ranges::find(fields_, id, &Field::id);
  return found == fields_.end() ? nullptr : &*found;
}

std::optional<std::int64_t> Fields::integer(std::int16_t id) const {
  const auto* field = find(id);
  if (field == nullptr) return std::nullopt;
  if (field->type != Type::kI16 && field->type != Type::kI32 && field->type != Type::kI64)
    return std::nullopt;
  return Reader(field->bytes).zigzag();
}

std::string_view binary(const Field& field) {
  if (field.type != Type::kBinary) return {};
  Reader reader(field.bytes);
  reader.varint();
  return field.bytes.substr(reader.at());
}

Result<std::vector<std::string_view>> struct_list(const Field& field) {
  if (field.type != Type::kList) return malformed();
  Reader reader(field.bytes);
  const auto [type, count] = reader.list_head();
  std::vector<std::string_view> elements;
  if (count > 0 && type != Type::kStruct) return malformed();
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto begin = reader.at();
    reader.skip(type, Reader::In::kElement, 0);
    if (reader.failed()) return malformed();
    elements.push_back(field.bytes.substr(begin, reader.at() - begin));
  }
  return elements;
}

void StructWriter::head(std::int16_t id, Type type) {
  const int delta = id - last_id_;
  if (delta > 0 && delta <= 15) {
    text_ += static_cast<char>((delta << 4) | static_cast<int>(type));
  } else {
    text_ += static_cast<char>(type);
    append_zigzag(text_, id);
  }
  last_id_ = id;
}

void StructWriter::field(const Field& field) {
  head(field.id, field.type);
  text_ += field.bytes;
}

void StructWriter::integer(std::int16_t id, Type type, std::int64_t value) {
  head(id, type);
  append_zigzag(text_, value);
}

void StructWriter::structs(std::int16_t id, const std::vector<std::string>& elements) {
  head(id, Type::kList);
  const auto type = static_cast<int>(Type::kStruct);
  if (elements.size() < 15) {
    text_ += static_cast<char>((elements.size() << 4) | static_cast<unsigned>(type));
  } else {
    text_ += static_cast<char>(0xf0 | type);
    append_varint(text_, elements.size());
  }
  for (const auto& element : elements) text_ += element;
}

std::string StructWriter::finish() && {
  text_ += '\0';
  return std::move(text_);
}

}  // namespace adit::thrift
