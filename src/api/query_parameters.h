// Typed values of the query of a request's target.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "api/api.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace adit {

/// A number from 0 on; `absent` where the parameter is not given. kInvalid that names it for anything else.
Result<std::uint64_t> count_parameter(const http::Request& request, std::string_view name,
                                      std::uint64_t absent);

/// A time: milliseconds since the epoch, or ISO 8601 as parse_iso8601() reads it.
std::optional<Timestamp> parse_time(std::string_view text);

/// kInvalid that names a parameter which is none of `known`: a misspelt filter would show too much.
Result<void> refuse_unknown_parameters(const http::Request& request,
                                       std::initializer_list<std::string_view> known);

/// The data connection whose schema `schemaName` means, see find_target_schema(); nullopt for global tables.
Result<std::optional<DataSource>> schema_parameter(const Services& services, const http::Request& request,
                                                   PoolId pool);

}  // namespace adit
