#include "access/team_host.h"

#include <algorithm>
#include <utility>

namespace adit {
namespace {

constexpr std::size_t kLabelBytesMax = 63;
/// Names that callers with a good credential came by, teams' or not.
constexpr std::size_t kRememberedMax = 1'000;

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

Result<std::vector<TeamId>> TeamHosts::find(std::string label) {
  ADIT_TRY(const auto version, watch_.version());
  {
    auto remembered = remembered_.lock();
    const auto found = remembered->find(label);
    if (found != remembered->end() && found->second.version == version) return found->second.teams;
  }
  ADIT_TRY(auto teams, catalog_.find_teams_by_domain(label));
  auto remembered = remembered_.lock();
  if (remembered->size() >= kRememberedMax) remembered->clear();
  (*remembered)[std::move(label)] = {teams, version};
  return teams;
}

Result<void> TeamHosts::check(const Principal& principal, std::string_view host) {
  const auto label = team_label(host);
  if (label.empty()) return {};
  ADIT_TRY(const auto teams, find(std::string(label)));
  if (teams.empty() || std::ranges::find(teams, principal.team) != teams.end()) return {};
  return Error{ErrorKind::kUnauthorized,
               "The key belongs to another team than the host name of the request says."};
}

}  // namespace adit
