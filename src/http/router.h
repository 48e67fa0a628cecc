// Router: finds the route of a method and a path.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace adit::http {

/// What the router found. With a route: the request can be handled. Without one: 405 if `allow` is not empty,
/// else 404.
struct Match {
  const Route* route = nullptr;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string allow;  ///< value of the Allow header, only where `route` is null
};

/// A tree of path segments. Immutable after create(); all threads may match.
class Router {
 public:
  /// kInvalid if a pattern does not start with '/', or two routes have the same method and pattern, or a
  /// route lacks the callback that its body kind needs.
  static Result<Router> create(std::vector<Route> routes);

  /// A literal segment wins over a {name}; HEAD finds the route of GET. Case matters.
  Match match(Method method, std::span<const std::string> segments) const;

 private:
  struct Entry {
    const Route* route = nullptr;
    std::vector<std::string> names;  ///< of the {name}s, in the order of the path
  };
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> any;
    std::vector<Entry> entries;
  };

  Router() = default;
  Result<void> add(const Route& route);
  static const Node* find(const Node& node, std::span<const std::string> segments,
                          std::vector<std::string>& values);
  static std::string allow_of(const Node& node);

  std::vector<Route> routes_;
  std::unique_ptr<Node> root_ = std::make_unique<Node>();
};

}  // namespace adit::http
