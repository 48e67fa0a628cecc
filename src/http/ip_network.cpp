#include "http/ip_network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace adit::http {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kBits = 128;
constexpr int kMappedBits = 96;

/// The first `bits` of the address; all others 0.
std::array<std::uint8_t, 16> masked(std::array<std::uint8_t, 16> bytes, int bits) {
  for (int i = 0; i < static_cast<int>(bytes.size()); ++i) {
    const int kept = std::clamp(bits - i * 8, 0, 8);
    bytes[static_cast<std::size_t>(i)] &= static_cast<std::uint8_t>(0xff << (8 - kept));
  }
  return bytes;
}

std::optional<int> small_number(std::string_view text) {
  int number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof terminated || text.contains('\0')) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  IpAddress address;
  if (::inet_pton(AF_INET6, terminated, address.bytes_.data()) == 1) return address;
  std::ranges::copy(kMapped, address.bytes_.begin());
  if (::inet_pton(AF_INET, terminated, address.bytes_.data() + kMapped.size()) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  const bool v4 = is_v4();
  const auto* bytes = bytes_.data() + (v4 ? kMapped.size() : 0);
  return ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes, text, sizeof text);
}

std::string IpAddress::origin() const {
  constexpr int kBitsOfOneClient = 64;
  const auto bytes = is_v4() ? bytes_ : masked(bytes_, kBitsOfOneClient);
  return std::string(bytes.begin(), bytes.end());
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return invalid("`" + std::string(text) +
                   "` is no address or network; write it like 10.0.0.0/8, 192.168.1.7 or 2001:db8::/32");
  }
  IpNetwork network;
  network.first_ = *address;
  if (slash == std::string_view::npos) return network;
  // A mapped address may come with the prefix of its own notation: ::ffff:10.0.0.0/104.
  const bool dotted = !text.substr(0, slash).contains(':');
  const int bits_max = dotted ? kBits - kMappedBits : kBits;
  const auto bits = small_number(text.substr(slash + 1));
  if (!bits || *bits > bits_max) {
    return invalid("`" + std::string(text) + "`: behind the slash stands a number from 0 to " +
                   std::to_string(bits_max));
  }
  network.prefix_bits_ = dotted ? *bits + kMappedBits : *bits;
  network.first_.bytes_ = masked(address->bytes_, network.prefix_bits_);
  if (network.first_ == *address) return network;
  return invalid("`" + std::string(text) + "` has bits behind its prefix; the network is " +
                 network.to_string());
}

bool IpNetwork::contains(const IpAddress& address) const {
  const bool of_v4 = first_.is_v4() && prefix_bits_ >= kMappedBits;
  return of_v4 == address.is_v4() && masked(address.bytes_, prefix_bits_) == first_.bytes_;
}

std::string IpNetwork::to_string() const {
  const bool of_v4 = first_.is_v4() && prefix_bits_ >= kMappedBits;
  return first_.to_string() + "/" + std::to_string(of_v4 ? prefix_bits_ - kMappedBits : prefix_bits_);
}

}  // namespace adit::http
