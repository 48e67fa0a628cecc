#include "http/router.h"

#include <algorithm>

namespace adit::http {
namespace {

bool has_callback(const Route& route) {
  return route.body == BodyKind::kStream ? static_cast<bool>(route.open) : static_cast<bool>(route.handle);
}

std::string described(const Route& route) {
  return std::string(to_string(route.method)) + " " + route.pattern;
}

}  // namespace

Result<Router> Router::create(std::vector<Route> routes) {
  Router router;
  router.routes_ = std::move(routes);
  for (const auto& route : router.routes_) ADIT_CHECK(router.add(route));
  return router;
}

Result<void> Router::add(const Route& route) {
  if (!route.pattern.starts_with('/'))
    return invalid("route " + described(route) + " does not start with '/'");
  if (!has_callback(route)) return invalid("route " + described(route) + " has no handler");
  Node* node = root_.get();
  Entry entry{&route, {}};
  std::string_view rest = route.pattern;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('/'), rest.size());
    const auto segment = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (segment.empty()) continue;
    if (segment.starts_with('{') && segment.ends_with('}')) {
      entry.names.emplace_back(segment.substr(1, segment.size() - 2));
      if (!node->any) node->any = std::make_unique<Node>();
      node = node->any.get();
    } else {
      auto& child = node->literals[std::string(segment)];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
    }
  }
  const auto same_method = [&](const Entry& other) { return other.route->method == route.method; };
  if (std::ranges::any_of(node->entries, same_method)) {
    return invalid("route " + described(route) + " exists twice");
  }
  node->entries.push_back(std::move(entry));
  return {};
}

const Router::Node* Router::find(const Node& node, std::span<const std::string> segments,
                                 std::vector<std::string>& values) {
  if (segments.empty()) return node.entries.empty() ? nullptr : &node;
  const auto& segment = segments.front();
  if (const auto literal = node.literals.find(segment); literal != node.literals.end()) {
    if (const auto* found = find(*literal->second, segments.subspan(1), values)) return found;
  }
  if (!node.any) return nullptr;
  values.push_back(segment);
  const auto* found = find(*node.any, segments.subspan(1), values);
  if (found == nullptr) values.pop_back();
  return found;
}

std::string Router::allow_of(const Node& node) {
  std::string allow;
  for (const auto& entry : node.entries) {
    allow += to_string(entry.route->method);
    allow += entry.route->method == Method::kGet ? ", HEAD, " : ", ";
  }
  return allow + "OPTIONS";
}

Match Router::match(Method method, std::span<const std::string> segments) const {
  Match match;
  std::vector<std::string> values;
  const Node* node = find(*root_, segments, values);
  if (node == nullptr) return match;
  const auto wanted = method == Method::kHead ? Method::kGet : method;
  const auto entry =
      std::ranges::find_if(node->entries, [&](const Entry& e) { return e.route->method == wanted; });
  if (entry == node->entries.end()) {
    match.allow = allow_of(*node);
    return match;
  }
  match.route = entry->route;
  for (std::size_t i = 0; i < values.size(); ++i) {
    match.parameters.emplace_back(entry->names[i], std::move(values[i]));
  }
  return match;
}

}  // namespace adit::http
