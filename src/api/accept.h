// Which form of a result a client wants.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace adit {

enum class ResultFormat { kJson, kJsonLines, kCsv, kParquet };

/// The media type that an answer of this form carries.
std::string_view media_type(ResultFormat format);

/// The form that the Accept header prefers (RFC 9110 §12.5.1) among those offered; of several that it likes
/// the same, and where there is no such header, the first. nullopt: it accepts none of them.
std::optional<ResultFormat> accepted_format(const http::Request& request,
                                            std::span<const ResultFormat> offered);

/// 406 that names what is offered.
http::Response not_acceptable(const http::Request& request, std::span<const ResultFormat> offered);

}  // namespace adit
