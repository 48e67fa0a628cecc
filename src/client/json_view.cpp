#include "client/json_view.h"

#include "client/api_error.h"

namespace adit::client {

namespace json = boost::json;

Result<void> success_of(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  if (!answer->ok()) return error_of_answer(answer->status, answer->body);
  return {};
}

Result<json::value> json_of(const Result<Answer>& answer) {
  ADIT_CHECK(success_of(answer));
  json::error_code code;
  json::value parsed = json::parse(answer->body, code);
  if (code) return Error{ErrorKind::kInternal, "The answer is not JSON; is this address an adit server?"};
  return parsed;
}

std::optional<std::string> optional_text_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

std::string text_at(const json::object& object, std::string_view name) {
  return optional_text_at(object, name).value_or("");
}

std::optional<std::int64_t> number_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  json::error_code code;
  const auto number = value->to_number<std::int64_t>(code);
  return code ? std::nullopt : std::optional(number);
}

std::optional<std::uint64_t> count_at(const json::object& object, std::string_view name) {
  const auto number = number_at(object, name);
  return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

double real_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return 0;
  return value->to_number<double>();
}

bool flag_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::object& as_object(const json::value& value) {
  static const json::object kNone;
  return value.is_object() ? value.get_object() : kNone;
}

const json::object& object_at(const json::object& object, std::string_view name) {
  static const json::object kNone;
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : kNone;
}

const json::array& array_at(const json::object& object, std::string_view name) {
  static const json::array kNone;
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

}  // namespace adit::client
