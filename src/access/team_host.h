// TeamHosts: the team that a host name stands for, `<team>.<cluster>.example`.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/change_watch.h"
#include "access/principal.h"
#include "base/guarded.h"
#include "base/result.h"
#include "catalog/catalog.h"

namespace adit {

/// Remembers which names are teams'. Right up to what ChangeWatch has noticed. Thread-safe.
class TeamHosts {
 public:
  TeamHosts(Catalog& catalog, ChangeWatch& watch) : catalog_(catalog), watch_(watch) {}

  /// kUnauthorized if the first label of the Host header is the domain of another team than the caller's.
  /// Other names say nothing of teams: addresses, names of fewer than three labels, labels that are no team's
  /// domain.
  Result<void> check(const Principal& principal, std::string_view host);

 private:
  struct Remembered {
    std::vector<TeamId> teams;
    std::uint64_t version = 0;
  };

  Result<std::vector<TeamId>> find(std::string label);

  Catalog& catalog_;
  ChangeWatch& watch_;
  Guarded<std::unordered_map<std::string, Remembered>> remembered_;
};

}  // namespace adit
