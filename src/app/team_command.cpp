// `adit team`: on the folder of a stopped server only, so that whoever has the machine decides what teams
// there are.
#include <algorithm>
#include <cctype>
#include <iostream>

#include "access/keys.h"
#include "access/passwords.h"
#include "app/access_output.h"
#include "app/commands.h"
#include "app/data_folder.h"

namespace adit {
namespace {

namespace json = boost::json;

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kLabelBytesMax = 63;  // RFC 1035 §2.3.4

bool is_label(const std::string& text) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
  return !text.empty() && text.size() <= kLabelBytesMax && std::ranges::all_of(text, good) &&
         text.front() != '-' && text.back() != '-';
}

Result<void> list(Catalog& catalog, bool as_json) {
  ADIT_TRY(const auto teams, catalog.list_teams());
  json::array entries;
  for (const auto& team : teams) {
    entries.push_back(
        json::object{{"id", team.id.to_string()}, {"name", team.name}, {"domain", team.domain}});
  }
  print_list(entries, as_json, {{"NAME", "name"}, {"DOMAIN", "domain"}, {"ID", "id"}});
  return {};
}

Result<void> create(Catalog& catalog, const TeamOptions& options) {
  if (options.name.empty() || options.name.size() > kNameBytesMax) {
    return invalid("The name must be 1 to 255 bytes long.");
  }
  if (!is_label(options.domain)) {
    return invalid("The domain must be one label of a host name: letters, digits and hyphens, at most 63.");
  }
  if (options.email.find('@') == std::string::npos) return invalid("The email address has no @.");
  const auto now = SystemClock().now();
  const Team team{TeamId::random(), options.name, options.domain};
  const User administrator{
      UserId::random(), team.id, "Administrator", options.email, Role::kAdministrator, true, now};
  const auto issued = issue_key({team.id, subject_of(administrator.id), administrator.id, "first key"}, now);
  const auto password = Passwords::make_one_time();
  ADIT_TRY(auto hash, Passwords().hash(password));
  ADIT_CHECK(catalog.found_team(team, administrator, issued.key, {std::move(hash), true}));
  if (options.json) {
    std::cout << json::object{{"id", team.id.to_string()}, {"name", team.name},
                              {"domain", team.domain},     {"administratorId", administrator.id.to_string()},
                              {"key", issued.text},        {"oneTimePassword", password}}
              << '\n';
    return {};
  }
  std::cout << "key                " << issued.text << "\none-time password  " << password << '\n';
  std::cerr << "They are of the team's administrator " << options.email << ", and are not shown again.\n";
  return {};
}

Result<void> run(const TeamOptions& options) {
  if (!std::filesystem::exists(options.data / "catalog.db")) {
    return not_found("There is no adit installation in " + options.data.string() +
                     ". Start one with: adit serve --data " + options.data.string());
  }
  ADIT_TRY(const auto folder, DataFolder::open(options.data));
  ADIT_TRY(const auto catalog, open_sqlite_catalog(folder.catalog()));
  return options.action == TeamAction::kList ? list(*catalog, options.json) : create(*catalog, options);
}

}  // namespace

ExitCode run_command(const TeamOptions& options) {
  ConnectionOptions nowhere;
  nowhere.data = options.data;
  return ended(run(options), nowhere);
}

}  // namespace adit
