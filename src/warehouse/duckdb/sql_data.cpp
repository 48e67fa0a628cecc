#include "warehouse/duckdb/sql_data.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace adit {
namespace {

namespace json = boost::json;

constexpr std::string_view kTypeMembers[] = {"class",   "type",   "alias",     "query_location",
                                             "catalog", "schema", "type_name", "children"};

bool is_constant(const json::object& object) {
  return std::ranges::all_of(
      object, [](const auto& member) { return member.key() == "class" || is_data(member.value()); });
}

/// A TYPE node: a name with the arguments of DECIMAL, STRUCT, ENUM and the like.
bool is_type_node(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return false;
  if (json_text(*object, "class") == "CONSTANT") return is_constant(*object);
  if (json_text(*object, "class") != "TYPE") return false;
  return std::ranges::all_of(*object, [](const auto& member) {
    if (member.key() == "children") {
      return member.value().is_array() && std::ranges::all_of(member.value().get_array(), is_type_node);
    }
    return std::ranges::find(kTypeMembers, std::string_view(member.key())) != std::end(kTypeMembers) &&
           !member.value().is_structured();
  });
}

}  // namespace

std::string_view json_text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return value->get_string();
}

bool is_absent(const json::value& value) {
  if (const auto* string = value.if_string()) return string->empty();
  if (const auto* array = value.if_array()) return array->empty();
  if (const auto* flag = value.if_bool()) return !*flag;
  return value.is_null();
}

bool is_data(const json::value& value) {
  if (const auto* array = value.if_array()) return std::ranges::all_of(*array, is_data);
  if (const auto* object = value.if_object()) {
    return std::ranges::all_of(*object, [](const auto& member) {
      return member.key() != "class" && member.key() != "node" && is_data(member.value());
    });
  }
  return true;
}

bool is_type(const json::value& value) {
  if (is_data(value)) return true;
  const auto* object = value.if_object();
  const auto* info = object == nullptr ? nullptr : object->if_contains("type_info");
  if (info == nullptr || !info->is_object() || json_text(*object, "id") != "UNBOUND") return false;
  return std::ranges::all_of(info->get_object(), [](const auto& member) {
    return member.key() == "expr" ? is_type_node(member.value()) : is_data(member.value());
  });
}

}  // namespace adit
