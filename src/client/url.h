// client/ talks to a running server over HTTP, as `adit push` and its siblings need it. It knows addresses,
// requests, the contract's JSON and how to show results to a person; it knows neither options nor the
// server's inside.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace adit::client {

/// Where a server is: `https://adit.example:8443/prefix`.
struct BaseUrl {
  bool secure = false;
  std::string host;  ///< a name or an address; IPv6 without brackets
  std::uint16_t port = 80;
  std::string path;  ///< put before every request's path; empty or `/prefix`, without a slash at the end

  /// What goes into the Host field: the port only where it is not the scheme's own.
  std::string authority() const;
  std::string to_string() const;
  /// localhost, 127.0.0.0/8 and ::1.
  bool is_loopback() const;
};

/// Reads `http[s]://HOST[:PORT][/PATH]`; a text without a scheme is http. A user, query or fragment is an
/// error.
Result<BaseUrl> parse_base_url(std::string_view text);

/// Percent-encodes everything but RFC 3986's unreserved characters.
std::string encode_segment(std::string_view text);

}  // namespace adit::client
