// How a user stands in requests and answers.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "model/json_fields.h"
#include "model/team.h"

namespace adit {

boost::json::object user_json(const User& user);
/// Required unless `absent` says what it is then.
std::string read_email(FieldReader& reader, const std::optional<std::string>& absent);

}  // namespace adit
