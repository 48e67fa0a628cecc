#include "warehouse/duckdb/values.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <memory>

#include "base/digest.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/value_text.h"

namespace adit {
namespace {

namespace json = boost::json;

constexpr std::int64_t kExactInteger = std::int64_t{1} << 53;

class LogicalType {
 public:
  explicit LogicalType(duckdb_logical_type type) : type_(type) {}
  LogicalType(const LogicalType&) = delete;
  LogicalType& operator=(const LogicalType&) = delete;
  ~LogicalType() { duckdb_destroy_logical_type(&type_); }
  duckdb_logical_type get() const { return type_; }

 private:
  duckdb_logical_type type_;
};

std::string take_text(char* text) {
  const std::unique_ptr<char, decltype(&duckdb_free)> owned(text, duckdb_free);
  return text == nullptr ? std::string() : std::string(text);
}

template <class T>
T at(duckdb_vector vector, idx_t row) {
  return static_cast<const T*>(duckdb_vector_get_data(vector))[row];
}

std::string_view string_at(duckdb_vector vector, idx_t row) {
  auto* strings = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  return {duckdb_string_t_data(&strings[row]), duckdb_string_t_length(strings[row])};
}

std::span<const unsigned char> bytes_at(duckdb_vector vector, idx_t row) {
  const auto text = string_at(vector, row);
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

Int128 wide(duckdb_hugeint value) {
  return (static_cast<Int128>(value.upper) << 64) | static_cast<Int128>(value.lower);
}
UInt128 wide(duckdb_uhugeint value) { return (static_cast<UInt128>(value.upper) << 64) | value.lower; }

Cell integer_cell(Int128 value) {
  if (value >= -kExactInteger && value <= kExactInteger) return static_cast<std::int64_t>(value);
  return integer_text(value);
}

Cell double_cell(double value) {
  if (std::isnan(value)) return std::string("NaN");
  if (std::isinf(value)) return std::string(value > 0 ? "Infinity" : "-Infinity");
  return value;
}

std::string time_tz_text(duckdb_time_tz stored) {
  const auto parts = duckdb_from_time_tz(stored);
  const auto micros =
      ((parts.time.hour * 60LL + parts.time.min) * 60 + parts.time.sec) * 1'000'000 + parts.time.micros;
  const auto offset = std::abs(parts.offset);
  return time_text(micros, 6) + (parts.offset < 0 ? "-" : "+") + time_text(offset, 0);
}

/// As a value inside a nested one.
json::value to_json(const Cell& cell, bool is_json) {
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return *integer;
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  const auto* text = std::get_if<std::string>(&cell);
  if (text == nullptr) return nullptr;
  boost::system::error_code error;
  if (is_json) {
    auto parsed = json::parse(*text, error);
    if (!error) return parsed;
  }
  return json::string(*text);
}

}  // namespace

ColumnReader::ColumnReader(duckdb_logical_type type)
    : type_(duckdb_get_type_id(type)), type_name_(adit::type_name(type)) {
  const auto add_child = [this](duckdb_logical_type child) {
    const LogicalType owned(child);
    children_.emplace_back(owned.get());
  };
  switch (type_) {
    case DUCKDB_TYPE_VARCHAR:
      if (const auto alias = take_text(duckdb_logical_type_get_alias(type)); !alias.empty())
        type_name_ = alias;
      break;
    case DUCKDB_TYPE_DECIMAL:
      internal_ = duckdb_decimal_internal_type(type);
      scale_ = duckdb_decimal_scale(type);
      break;
    case DUCKDB_TYPE_ENUM:
      internal_ = duckdb_enum_internal_type(type);
      for (idx_t i = 0; i < duckdb_enum_dictionary_size(type); ++i) {
        words_.push_back(take_text(duckdb_enum_dictionary_value(type, i)));
      }
      break;
    case DUCKDB_TYPE_LIST:
      add_child(duckdb_list_type_child_type(type));
      break;
    case DUCKDB_TYPE_ARRAY:
      add_child(duckdb_array_type_child_type(type));
      array_size_ = duckdb_array_type_array_size(type);
      break;
    case DUCKDB_TYPE_MAP:
      add_child(duckdb_map_type_key_type(type));
      add_child(duckdb_map_type_value_type(type));
      break;
    case DUCKDB_TYPE_STRUCT:
      for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
        words_.push_back(take_text(duckdb_struct_type_child_name(type, i)));
        add_child(duckdb_struct_type_child_type(type, i));
      }
      break;
    case DUCKDB_TYPE_UNION:
      for (idx_t i = 0; i < duckdb_union_type_member_count(type); ++i) {
        words_.push_back(take_text(duckdb_union_type_member_name(type, i)));
        add_child(duckdb_union_type_member_type(type, i));
      }
      break;
    default:
      break;
  }
}

bool ColumnReader::readable() const {
  for (const auto& child : children_) {
    if (!child.readable()) return false;
  }
  switch (type_) {
    case DUCKDB_TYPE_INVALID:
    case DUCKDB_TYPE_ANY:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_STRING_LITERAL:
    case DUCKDB_TYPE_INTEGER_LITERAL:
      return false;
    default:
      return type_ <= DUCKDB_TYPE_TIME_NS;
  }
}

Cell ColumnReader::read(duckdb_vector vector, idx_t row) const {
  auto* validity = duckdb_vector_get_validity(vector);
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) return {};
  switch (type_) {
    case DUCKDB_TYPE_BOOLEAN:
      return at<bool>(vector, row);
    case DUCKDB_TYPE_TINYINT:
      return integer_cell(at<std::int8_t>(vector, row));
    case DUCKDB_TYPE_SMALLINT:
      return integer_cell(at<std::int16_t>(vector, row));
    case DUCKDB_TYPE_INTEGER:
      return integer_cell(at<std::int32_t>(vector, row));
    case DUCKDB_TYPE_BIGINT:
      return integer_cell(at<std::int64_t>(vector, row));
    case DUCKDB_TYPE_UTINYINT:
      return integer_cell(at<std::uint8_t>(vector, row));
    case DUCKDB_TYPE_USMALLINT:
      return integer_cell(at<std::uint16_t>(vector, row));
    case DUCKDB_TYPE_UINTEGER:
      return integer_cell(at<std::uint32_t>(vector, row));
    case DUCKDB_TYPE_UBIGINT:
      return integer_cell(at<std::uint64_t>(vector, row));
    case DUCKDB_TYPE_HUGEINT:
      return integer_cell(wide(at<duckdb_hugeint>(vector, row)));
    case DUCKDB_TYPE_UHUGEINT: {
      const auto value = wide(at<duckdb_uhugeint>(vector, row));
      if (value <= static_cast<UInt128>(kExactInteger)) return static_cast<std::int64_t>(value);
      return unsigned_text(value);
    }
    case DUCKDB_TYPE_FLOAT:
      return double_cell(static_cast<double>(at<float>(vector, row)));
    case DUCKDB_TYPE_DOUBLE:
      return double_cell(at<double>(vector, row));
    case DUCKDB_TYPE_DECIMAL:
      return read_decimal(vector, row);
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIME:
    case DUCKDB_TYPE_TIME_NS:
    case DUCKDB_TYPE_TIME_TZ:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_INTERVAL:
      return read_time(vector, row);
    case DUCKDB_TYPE_UUID:
      return uuid_text(at<duckdb_hugeint>(vector, row));
    case DUCKDB_TYPE_VARCHAR:
      return std::string(string_at(vector, row));
    case DUCKDB_TYPE_BLOB:
      return to_base64(string_at(vector, row));
    case DUCKDB_TYPE_BIT:
      return bit_text(bytes_at(vector, row));
    case DUCKDB_TYPE_ENUM:
      return read_enum(vector, row);
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_UNION:
      return read_nested(vector, row);
    default:
      return {};
  }
}

std::string ColumnReader::read_time(duckdb_vector vector, idx_t row) const {
  switch (type_) {
    case DUCKDB_TYPE_DATE:
      return date_text(at<duckdb_date>(vector, row));
    case DUCKDB_TYPE_TIME:
      return time_text(at<std::int64_t>(vector, row), 6);
    case DUCKDB_TYPE_TIME_NS:
      return time_text(at<std::int64_t>(vector, row), 9);
    case DUCKDB_TYPE_TIME_TZ:
      return time_tz_text(at<duckdb_time_tz>(vector, row));
    case DUCKDB_TYPE_TIMESTAMP_S:
      return timestamp_text(at<std::int64_t>(vector, row), 0);
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return timestamp_text(at<std::int64_t>(vector, row), 3);
    case DUCKDB_TYPE_TIMESTAMP:
      return timestamp_text(at<std::int64_t>(vector, row), 6);
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return timestamp_text(at<std::int64_t>(vector, row), 9);
    case DUCKDB_TYPE_TIMESTAMP_TZ: {
      auto text = timestamp_text(at<std::int64_t>(vector, row), 6);
      return text.ends_with("infinity") ? text : text + "Z";
    }
    case DUCKDB_TYPE_INTERVAL:
      return interval_text(at<duckdb_interval>(vector, row));
    default:
      return {};
  }
}

std::string ColumnReader::read_decimal(duckdb_vector vector, idx_t row) const {
  switch (internal_) {
    case DUCKDB_TYPE_SMALLINT:
      return decimal_text(at<std::int16_t>(vector, row), scale_);
    case DUCKDB_TYPE_INTEGER:
      return decimal_text(at<std::int32_t>(vector, row), scale_);
    case DUCKDB_TYPE_BIGINT:
      return decimal_text(at<std::int64_t>(vector, row), scale_);
    default:
      return decimal_text(wide(at<duckdb_hugeint>(vector, row)), scale_);
  }
}

Cell ColumnReader::read_enum(duckdb_vector vector, idx_t row) const {
  std::size_t index = 0;
  switch (internal_) {
    case DUCKDB_TYPE_UTINYINT:
      index = at<std::uint8_t>(vector, row);
      break;
    case DUCKDB_TYPE_USMALLINT:
      index = at<std::uint16_t>(vector, row);
      break;
    default:
      index = at<std::uint32_t>(vector, row);
      break;
  }
  if (index >= words_.size()) return {};
  return words_[index];
}

Cell ColumnReader::read_nested(duckdb_vector vector, idx_t row) const {
  const auto child_json = [](const ColumnReader& child, duckdb_vector child_vector, idx_t child_row) {
    const bool is_json = child.type_name_ == "JSON" || !child.children_.empty();
    return to_json(child.read(child_vector, child_row), is_json);
  };
  const auto range_json = [&](duckdb_vector child_vector, idx_t offset, idx_t length) {
    json::array list;
    for (idx_t i = offset; i < offset + length; ++i)
      list.push_back(child_json(children_[0], child_vector, i));
    return json::serialize(list);
  };
  if (type_ == DUCKDB_TYPE_ARRAY)
    return range_json(duckdb_array_vector_get_child(vector), row * array_size_, array_size_);
  if (type_ == DUCKDB_TYPE_LIST) {
    const auto entry = at<duckdb_list_entry>(vector, row);
    return range_json(duckdb_list_vector_get_child(vector), entry.offset, entry.length);
  }
  if (type_ == DUCKDB_TYPE_MAP) {
    const auto entry = at<duckdb_list_entry>(vector, row);
    auto* entries = duckdb_list_vector_get_child(vector);
    auto* keys = duckdb_struct_vector_get_child(entries, 0);
    auto* values = duckdb_struct_vector_get_child(entries, 1);
    json::array list;
    for (idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
      list.push_back(json::object{{"key", child_json(children_[0], keys, i)},
                                  {"value", child_json(children_[1], values, i)}});
    }
    return json::serialize(list);
  }
  if (type_ == DUCKDB_TYPE_UNION) {
    // A union is stored as a struct of its tag and its members.
    const auto tag = at<std::uint8_t>(duckdb_struct_vector_get_child(vector, 0), row);
    if (tag >= children_.size()) return {};
    return json::serialize(child_json(children_[tag], duckdb_struct_vector_get_child(vector, tag + 1U), row));
  }
  json::object members;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    // The fields of row(…) have no names.
    auto name = words_[i].empty() ? "v" + std::to_string(i + 1) : words_[i];
    members[name] = child_json(children_[i], duckdb_struct_vector_get_child(vector, i), row);
  }
  return json::serialize(members);
}

}  // namespace adit
