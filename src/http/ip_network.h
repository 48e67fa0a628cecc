// IpAddress and IpNetwork: addresses of both versions as numbers, and the ranges of them that a setting
// names.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace adit::http {

/// An IPv4 or IPv6 address. One of version 4 that is written in version 6 (`::ffff:10.0.0.1`, RFC 4291
/// §2.5.5.2) is the version 4 one.
class IpAddress {
 public:
  /// Understands `10.0.0.1` and `2001:db8::1`, without port, brackets or zone.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  /// `10.0.0.1`; version 6 in the short form of RFC 5952.
  std::string to_string() const;

  /// The same for all addresses that one client has at hand: the address, of version 6 its first 64 bits.
  std::string origin() const;

  bool operator==(const IpAddress&) const = default;

 private:
  friend class IpNetwork;
  std::array<std::uint8_t, 16> bytes_{};  ///< version 4 in its IPv6-mapped form
};

/// All addresses that begin with the same bits (CIDR, RFC 4632).
class IpNetwork {
 public:
  /// `10.0.0.0/8`, `2001:db8::/32`, or a single address. kInvalid, with a message for the one who wrote the
  /// setting, for anything else and for bits behind the prefix that are set.
  static Result<IpNetwork> parse(std::string_view text);

  /// False for an address of the other version: `::/0` holds no IPv4 address.
  bool contains(const IpAddress& address) const;
  std::string to_string() const;

  bool operator==(const IpNetwork&) const = default;

 private:
  IpAddress first_;
  int prefix_bits_ = 128;  ///< of the 128
};

}  // namespace adit::http
