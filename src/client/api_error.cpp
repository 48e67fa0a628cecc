#include "client/api_error.h"

#include <boost/json.hpp>
#include <string>

namespace adit::client {
namespace {

namespace json = boost::json;

ErrorKind kind_of(int status) {
  switch (status) {
    case 401:
      return ErrorKind::kUnauthorized;
    case 403:
      return ErrorKind::kForbidden;
    case 404:
      return ErrorKind::kNotFound;
    case 408:
      return ErrorKind::kTimeout;
    case 409:
      return ErrorKind::kConflict;
    case 413:
      return ErrorKind::kTooLarge;
    case 429:
      return ErrorKind::kRateLimited;
    case 502:
    case 503:
      return ErrorKind::kUnavailable;
    case 504:
      return ErrorKind::kTimeout;
    case 507:
      return ErrorKind::kStorageFull;
    default:
      return status >= 400 && status < 500 ? ErrorKind::kInvalid : ErrorKind::kInternal;
  }
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string join_errors(const json::object& body, std::vector<FieldError>& fields) {
  const auto* errors = body.if_contains("errors");
  if (errors == nullptr || !errors->is_array()) return {};
  std::string text;
  for (const auto& entry : errors->get_array()) {
    if (!entry.is_object()) continue;
    FieldError field{text_of(entry.get_object(), "attribute"), text_of(entry.get_object(), "error")};
    if (!text.empty()) text += "; ";
    text += field.attribute.empty() ? field.message : field.attribute + ": " + field.message;
    fields.push_back(std::move(field));
  }
  return text;
}

// A proxy's page or another server's words: enough of it to recognise it by.
std::string excerpt(std::string_view body) {
  constexpr std::size_t kExcerptBytes = 200;
  std::string text;
  for (const char letter : body.substr(0, kExcerptBytes)) {
    text += static_cast<unsigned char>(letter) < 0x20 ? ' ' : letter;
  }
  return text;
}

}  // namespace

Error error_of_answer(int status, std::string_view body) {
  Error error{kind_of(status), ""};
  const std::string code = std::to_string(status);
  json::error_code failure;
  const json::value parsed = json::parse(body, failure);
  if (failure || !parsed.is_object()) {
    error.public_message = "The server answered " + code + (body.empty() ? "." : ": " + excerpt(body));
    return error;
  }
  const auto& object = parsed.get_object();
  std::string text = join_errors(object, error.fields);
  for (const auto* name : {"message", "detail", "title", "error"}) {
    if (text.empty()) text = text_of(object, name);
  }
  if (text.empty()) text = "The server answered " + code + ".";
  error.public_message = std::move(text);
  if (const auto reference = text_of(object, "reference"); !reference.empty()) {
    error.public_message += " (" + code + ", reference " + reference + ")";
  }
  return error;
}

}  // namespace adit::client
