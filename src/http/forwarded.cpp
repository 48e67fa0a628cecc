#include "http/forwarded.h"

#include <algorithm>
#include <utility>

#include "http/header_value.h"

namespace adit::http {
namespace {

constexpr std::size_t kHostBytesMax = 255;

/// One element of a Forwarded list.
using Pairs = std::vector<std::pair<std::string, std::string>>;

bool is_trusted(const IpAddress& address, std::span<const IpNetwork> trusted) {
  return std::ranges::any_of(trusted, [&](const auto& network) { return network.contains(address); });
}

bool is_port(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const bool obfuscated = text.starts_with('_') && text.size() > 1;
  return obfuscated ? text.find_first_not_of(kAllowed) == std::string_view::npos
                    : !text.empty() && text.size() <= 5 &&
                          text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// `10.0.0.1`, `10.0.0.1:80`, `[2001:db8::1]`, `[2001:db8::1]:80` (RFC 7239 §6), and `2001:db8::1`, as
/// X-Forwarded-For has it.
std::optional<IpAddress> address_of_node(std::string_view node) {
  if (node.starts_with('[')) {
    const auto end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto inside = node.substr(1, end - 1);
    const auto behind = node.substr(end + 1);
    const bool whole = behind.empty() || (behind.starts_with(':') && is_port(behind.substr(1)));
    return whole && inside.contains(':') ? IpAddress::parse(inside) : std::nullopt;
  }
  if (std::ranges::count(node, ':') == 1) {
    const auto colon = node.find(':');
    return is_port(node.substr(colon + 1)) ? IpAddress::parse(node.substr(0, colon)) : std::nullopt;
  }
  return IpAddress::parse(node);
}

std::optional<bool> secure_of(std::string_view scheme) {
  if (equal_ignoring_case(scheme, "https")) return true;
  if (equal_ignoring_case(scheme, "http")) return false;
  return std::nullopt;
}

/// A host with or without port; anything that could not stand in a Host field is none.
std::optional<std::string> host_of(std::string_view text) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
  const bool good = !text.empty() && text.size() <= kHostBytesMax &&
                    text.find_first_not_of(kAllowed) == std::string_view::npos;
  return good ? std::optional(std::string(text)) : std::nullopt;
}

enum class Quotes { kNone, kProtectCommas };

/// Splits at commas; empty elements are dropped (RFC 9110 §5.6.1).
std::vector<std::string_view> elements_of(std::string_view list, Quotes quotes) {
  std::vector<std::string_view> elements;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    const bool end = i == list.size() || (list[i] == ',' && !quoted);
    if (!end) {
      if (quoted && list[i] == '\\') {
        ++i;
      } else if (list[i] == '"' && quotes == Quotes::kProtectCommas) {
        quoted = !quoted;
      }
      continue;
    }
    const auto element = trimmed(list.substr(begin, i - begin));
    if (!element.empty()) elements.push_back(element);
    begin = i + 1;
  }
  return elements;
}

/// The pairs of one element: `for=192.0.2.60; proto=https`. Nothing when it is malformed.
std::optional<Pairs> pairs_of(std::string_view element) {
  // The grammar is that of parameters behind a value, so an empty value is put in front.
  const auto parsed = parse_header_value(";" + std::string(element));
  return parsed ? std::optional(parsed->parameters) : std::nullopt;
}

std::optional<std::string_view> find(const Pairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return std::nullopt;
}

/// The walk over a list of nodes from its end: how many of its last elements tell of the client, and whose
/// address that is.
struct Walk {
  std::size_t steps = 0;
  IpAddress client;
};

template <class NodeAt>
Walk walk(const IpAddress& peer, std::size_t count, std::span<const IpNetwork> trusted, NodeAt node_at) {
  Walk walk{0, peer};
  while (walk.steps < count && is_trusted(walk.client, trusted)) {
    const auto address = address_of_node(node_at(count - 1 - walk.steps));
    ++walk.steps;
    if (!address) break;
    walk.client = *address;
  }
  return walk;
}

ForwardedClient by_forwarded(const std::string& list, const IpAddress& peer,
                             std::span<const IpNetwork> trusted) {
  std::vector<Pairs> hops;
  for (const auto element : elements_of(list, Quotes::kProtectCommas)) {
    auto pairs = pairs_of(element);
    // Where one element can't be read, none can be told from its neighbours.
    if (!pairs) return {};
    hops.push_back(*std::move(pairs));
  }
  const auto walked = walk(peer, hops.size(), trusted,
                           [&](std::size_t i) { return find(hops[i], "for").value_or("unknown"); });
  ForwardedClient client;
  if (walked.client != peer) client.address = walked.client.to_string();
  // The hop farthest out that says it is the one that the client spoke to.
  for (std::size_t i = hops.size() - walked.steps; i < hops.size(); ++i) {
    if (!client.secure) client.secure = secure_of(find(hops[i], "proto").value_or(""));
    if (!client.host) client.host = host_of(find(hops[i], "host").value_or(""));
  }
  return client;
}

/// X-Forwarded-Proto and -Host are one value for all proxies, or grow by one with each as the addresses do.
std::string_view beside(const std::vector<std::string_view>& values, std::size_t nodes, std::size_t steps) {
  if (values.empty()) return {};
  return values.size() == nodes && steps > 0 ? values[nodes - steps] : values.back();
}

ForwardedClient by_x_forwarded(const Headers& headers, const IpAddress& peer,
                               std::span<const IpNetwork> trusted) {
  const auto node_list = headers.joined("X-Forwarded-For");
  const auto proto_list = headers.joined("X-Forwarded-Proto");
  const auto host_list = headers.joined("X-Forwarded-Host");
  const auto nodes = elements_of(node_list, Quotes::kNone);
  const auto walked = walk(peer, nodes.size(), trusted, [&](std::size_t i) { return nodes[i]; });
  ForwardedClient client;
  if (walked.client != peer) client.address = walked.client.to_string();
  const auto value_of = [&](std::string_view list) {
    return beside(elements_of(list, Quotes::kNone), nodes.size(), walked.steps);
  };
  client.secure = secure_of(value_of(proto_list));
  client.host = host_of(value_of(host_list));
  return client;
}

}  // namespace

ForwardedClient forwarded_client(const Headers& headers, std::string_view peer,
                                 std::span<const IpNetwork> trusted) {
  if (trusted.empty()) return {};
  const auto address = IpAddress::parse(peer);
  if (!address || !is_trusted(*address, trusted)) return {};
  const auto list = headers.joined("Forwarded");
  const bool other = headers.find("X-Forwarded-For") || headers.find("X-Forwarded-Proto") ||
                     headers.find("X-Forwarded-Host");
  if (list.empty()) return by_x_forwarded(headers, *address, trusted);
  auto client = by_forwarded(list, *address, trusted);
  if (other && client != by_x_forwarded(headers, *address, trusted)) return {};
  return client;
}

std::string origin_of(const std::string& peer, std::span<const IpNetwork> trusted) {
  const auto address = IpAddress::parse(peer);
  if (!address) return peer;
  return is_trusted(*address, trusted) ? std::string() : address->origin();
}

}  // namespace adit::http
