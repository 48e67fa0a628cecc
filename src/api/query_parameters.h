// Typed values of the query of a request's target.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace adit {

/// A number from 0 on; `absent` where the parameter is not given. kInvalid that names it for anything else.
Result<std::uint64_t> count_parameter(const http::Request& request, std::string_view name,
                                      std::uint64_t absent);

}  // namespace adit
