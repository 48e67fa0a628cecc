#include "access/team_host.h"

#include <algorithm>
#include <string>

namespace adit {
namespace {

constexpr std::size_t kLabelBytesMax = 63;

/// The first of at least three labels; empty for anything else.
std::string_view team_label(std::string_view host) {
  if (host.starts_with('[')) return {};
  host = host.substr(0, host.find(':'));
  const auto label = host.substr(0, host.find('.'));
  const bool three_labels = std::ranges::count(host, '.') >= 2;
  // An address of version 4 has a number as its last label; no name has.
  const auto last = host.substr(host.rfind('.') + 1);
  const bool address = !last.empty() && last.front() >= '0' && last.front() <= '9';
  return three_labels && !address && label.size() <= kLabelBytesMax ? label : std::string_view();
}

}  // namespace

Result<void> check_team_host(Catalog& catalog, const Principal& principal, std::string_view host) {
  const auto label = team_label(host);
  if (label.empty()) return {};
  ADIT_TRY(const auto teams, catalog.find_teams_by_domain(std::string(label)));
  if (teams.empty() || std::ranges::find(teams, principal.team) != teams.end()) return {};
  return Error{ErrorKind::kUnauthorized,
               "The key belongs to another team than the host name of the request says."};
}

}  // namespace adit
