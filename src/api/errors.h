// api/ turns requests into calls of services and their values into answers: one file per resource, decode →
// call → encode. It keeps no state and knows no SQL, no sockets and no files.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace adit {

/// The answer to a failed request, in the two shapes that clients of the push API read: `errors[]` where
/// single fields are wrong, else `reference`, `message`, `shortMessage`; both with the members of RFC 9457.
/// `status` overrides the code that follows from the kind. What the message quotes need not be UTF-8.
http::Response error_response(const http::Request& request, const Error& error,
                              std::optional<int> status = std::nullopt);

/// 429: the client is welcome again after that time.
http::Response rate_limited(const http::Request& request, std::string message,
                            std::chrono::seconds retry_after);

}  // namespace adit
