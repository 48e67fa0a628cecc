// Cors: which web pages may call this server from a browser.
#pragma once

#include <string>
#include <vector>

#include "http/message.h"

namespace adit::http {

/// Cross-origin requests as the Fetch standard has them. Off without origins: then no answer carries a field
/// of it, and browsers refuse other sites' pages. Credentials go in the Authorization header, never in
/// cookies, so answers never say Access-Control-Allow-Credentials. Immutable; all threads may call.
class Cors {
 public:
  /// `scheme://host[:port]` each; `*` is every origin.
  explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  /// Adds to the answer what the browser of an allowed origin wants to see; to OPTIONS also what its
  /// preflight asks. Nothing to one that says `Cross-Origin-Resource-Policy: same-origin`.
  void apply(const Request& request, Response& response) const;

 private:
  bool allows(std::string_view origin) const;

  const std::vector<std::string> origins_;
};

}  // namespace adit::http
