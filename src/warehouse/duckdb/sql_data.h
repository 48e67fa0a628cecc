// Parts of a serialized SQL statement that hold no expression and no query.
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

namespace adit {

/// The string under `key`; empty if there is none.
std::string_view json_text(const boost::json::object& object, std::string_view key);
/// Null, false, empty text or an empty list.
bool is_absent(const boost::json::value& value);
/// Nothing that could run hides in data: no expression, no query.
bool is_data(const boost::json::value& value);
/// The type of a CAST. An engine of a newer storage version leaves it unbound: an expression that is made of
/// type names and constants, and of nothing else.
bool is_type(const boost::json::value& value);

}  // namespace adit
