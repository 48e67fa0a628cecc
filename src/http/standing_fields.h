// StandingFields: the header fields that every answer carries.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace adit::http {

/// What browsers and caches are told of answers. They are made for an API, whose answers hold a caller's data
/// and are no pages: not kept by caches, not taken for another type than they say, in no frame, and running
/// nothing where one is shown. A handler that answers with a page sets its own Content-Security-Policy and
/// Cache-Control, which then stand. Immutable; all threads may call.
class StandingFields {
 public:
  /// `hsts_age` is told in Strict-Transport-Security (RFC 6797) to clients that speak TLS; to others it must
  /// not.
  explicit StandingFields(std::optional<std::chrono::seconds> hsts_age);

  void apply(const Request& request, Response& response) const;

 private:
  std::optional<std::string> hsts_;
};

/// Adds a field that may stand only once.
void add_unless_there(Response& response, std::string_view name, std::string_view value);

}  // namespace adit::http
