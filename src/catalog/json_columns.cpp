// The columns that hold JSON text.
#include <boost/json.hpp>

#include "catalog/row_codecs.h"

namespace adit {
namespace {

namespace json = boost::json;

json::value parse(std::string_view text) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  boost::system::error_code error;
  auto value = json::parse(text, error, {}, options);
  if (error) throw CorruptRow("no JSON: " + error.message());
  return value;
}

const json::array& array_of(const json::value& value) {
  if (!value.is_array()) throw CorruptRow("no JSON array");
  return value.get_array();
}

std::string text_of(const json::value& value) {
  if (!value.is_string()) throw CorruptRow("no JSON string");
  return std::string(value.get_string());
}

template <class T>
void put(json::object& object, std::string_view name, const std::optional<T>& value) {
  if (value) object[name] = *value;
}

template <class Integer>
void take(const json::value& object, std::string_view name, std::optional<Integer>& target) {
  const auto* member = object.as_object().if_contains(name);
  if (member != nullptr) target = member->to_number<Integer>();
}

void take(const json::value& object, std::string_view name, std::optional<std::string>& target) {
  const auto* member = object.as_object().if_contains(name);
  if (member != nullptr) target = text_of(*member);
}

}  // namespace

std::string strings_to_json(const std::vector<std::string>& strings) {
  return strings.empty() ? "[]" : json::serialize(json::array(strings.begin(), strings.end()));
}

std::vector<std::string> strings_from_json(std::string_view text) {
  std::vector<std::string> strings;
  if (text == "[]") return strings;
  const auto value = parse(text);
  for (const auto& element : array_of(value)) strings.push_back(text_of(element));
  return strings;
}

std::string table_schema_to_json(const TableSchema& schema) {
  json::array columns;
  for (const auto& column : schema.columns) {
    json::object object{{"name", column.name}, {"type", to_string(column.type)}, {"key", column.primary_key}};
    put(object, "length", column.field_length);
    put(object, "decimals", column.decimals);
    columns.push_back(std::move(object));
  }
  json::object object{{"columns", std::move(columns)}};
  put(object, "table", schema.table_name);
  return json::serialize(object);
}

TableSchema table_schema_from_json(std::string_view text) {
  const auto value = parse(text);
  TableSchema schema;
  take(value, "table", schema.table_name);
  for (const auto& element : array_of(value.at("columns"))) {
    auto& column = schema.columns.emplace_back();
    column.name = text_of(element.at("name"));
    const auto type = parse_column_type(text_of(element.at("type")));
    if (!type) throw CorruptRow("no column type");
    column.type = *type;
    column.primary_key = element.at("key").as_bool();
    take(element, "length", column.field_length);
    take(element, "decimals", column.decimals);
  }
  return schema;
}

std::string data_errors_to_json(const std::vector<DataError>& errors) {
  if (errors.empty()) return "[]";
  json::array array;
  for (const auto& error : errors) {
    json::object object{{"message", error.message}};
    put(object, "row", error.row);
    put(object, "line", error.line);
    put(object, "byte", error.byte);
    put(object, "column", error.column);
    put(object, "value", error.value);
    array.push_back(std::move(object));
  }
  return json::serialize(array);
}

std::vector<DataError> data_errors_from_json(std::string_view text) {
  std::vector<DataError> errors;
  if (text == "[]") return errors;
  const auto value = parse(text);
  for (const auto& element : array_of(value)) {
    auto& error = errors.emplace_back();
    error.message = text_of(element.at("message"));
    take(element, "row", error.row);
    take(element, "line", error.line);
    take(element, "byte", error.byte);
    take(element, "column", error.column);
    take(element, "value", error.value);
  }
  return errors;
}

}  // namespace adit
