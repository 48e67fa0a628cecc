// Who the client behind a proxy is: X-Forwarded-For, -Proto and -Host, and Forwarded (RFC 7239).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/ip_network.h"
#include "http/message.h"

namespace adit::http {

/// What trusted proxies say of the client. What they do not say is absent: then the connection's own counts.
struct ForwardedClient {
  std::optional<std::string> address;
  std::optional<bool> secure;       ///< the client spoke TLS
  std::optional<std::string> host;  ///< the Host that the client asked for

  bool operator==(const ForwardedClient&) const = default;
};

/// Reads the fields of a request that came from `peer`. Nothing is believed unless `peer` is in `trusted`.
/// Each proxy adds what it sees at the end of a list, so the walk goes from right to left, as far as the
/// address found is that of a trusted proxy; the first other one is the client. What stands left of it the
/// client may have invented, and is not looked at. `unknown`, an obfuscated identifier (RFC 7239 §6.3) or
/// anything that is no address ends the walk at the proxy that said so.
///
/// A client can send the family of fields that its proxy does not write. So where both are there and differ
/// in what they say, neither is believed: the request counts as the proxy's own.
ForwardedClient forwarded_client(const Headers& headers, std::string_view peer,
                                 std::span<const IpNetwork> trusted);

/// What is counted as one client's: see IpAddress. Nothing for a trusted proxy, behind which are many, who
/// can't be told apart before they have said something.
std::string origin_of(const std::string& peer, std::span<const IpNetwork> trusted);

}  // namespace adit::http
