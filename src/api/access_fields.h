// What requests and answers about keys, clients, consents and users have in common.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "api/access_endpoints.h"
#include "base/clock.h"
#include "base/enum_set.h"
#include "http/message.h"
#include "model/json_fields.h"
#include "model/permission.h"

namespace adit {

/// Milliseconds of the epoch, or null.
boost::json::value time_json(const std::optional<Timestamp>& time);

/// The words of a set's members, in the order of `all`.
template <class Enum>
boost::json::array words_of(EnumSet<Enum> set, std::span<const Enum> all) {
  boost::json::array words;
  for (const auto member : all) {
    if (set.has(member)) words.emplace_back(to_string(member));
  }
  return words;
}

/// All of a list, each as `to_json` writes it.
template <class Item, class ToJson>
http::Response list_answer(const std::vector<Item>& items, ToJson to_json) {
  boost::json::array body;
  body.reserve(items.size());
  for (const auto& item : items) body.push_back(to_json(item));
  return json_answer(body);
}

/// The array `scopes`; nothing where it is absent or null. A word that is no scope is an error of the field.
std::optional<ScopeSet> read_scopes(FieldReader& reader);

/// How long a replaced secret holds yet: `overlapSeconds` of the body, which may be empty; a day without it.
Result<std::chrono::seconds> read_overlap(const http::Request& request);

}  // namespace adit
