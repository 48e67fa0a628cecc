// Reading of answers: what is absent, null or of another type is empty, since a client must live with newer
// servers.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/http_client.h"

namespace adit::client {

/// The JSON of a successful answer; the error that a refusal describes; kInternal where a success is no JSON.
Result<boost::json::value> json_of(const Result<Answer>& answer);
/// The same where the body does not matter.
Result<void> success_of(const Result<Answer>& answer);
/// The entries of an answer that is an array.
template <class View>
Result<std::vector<View>> views_of(const Result<Answer>& answer, View (*view)(const boost::json::value&)) {
  ADIT_TRY(const auto parsed, json_of(answer));
  std::vector<View> views;
  if (parsed.is_array()) {
    for (const auto& entry : parsed.get_array()) views.push_back(view(entry));
  }
  return views;
}

std::string text_at(const boost::json::object& object, std::string_view name);
std::optional<std::string> optional_text_at(const boost::json::object& object, std::string_view name);
std::optional<std::int64_t> number_at(const boost::json::object& object, std::string_view name);
std::optional<std::uint64_t> count_at(const boost::json::object& object, std::string_view name);
double real_at(const boost::json::object& object, std::string_view name);
bool flag_at(const boost::json::object& object, std::string_view name);
/// An empty object or array where there is none.
const boost::json::object& object_at(const boost::json::object& object, std::string_view name);
const boost::json::array& array_at(const boost::json::object& object, std::string_view name);
/// A value that should be an object.
const boost::json::object& as_object(const boost::json::value& value);

}  // namespace adit::client
