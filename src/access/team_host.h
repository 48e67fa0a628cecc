// The team that a host name stands for: `<team>.<cluster>.example`.
#pragma once

#include <string_view>

#include "access/principal.h"
#include "base/result.h"
#include "catalog/catalog.h"

namespace adit {

/// kUnauthorized if the first label of the Host header is the domain of another team than the caller's. Other
/// names say nothing of teams: addresses, names of fewer than three labels, labels that are no team's domain.
Result<void> check_team_host(Catalog& catalog, const Principal& principal, std::string_view host);

}  // namespace adit
