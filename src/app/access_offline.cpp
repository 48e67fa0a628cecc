// AccessCalls on the folder of a stopped server: the handlers of the API, without HTTP between.
#include <algorithm>
#include <span>
#include <utility>

#include "access/authenticator.h"
#include "access/passwords.h"
#include "api/access_endpoints.h"
#include "api/auditing.h"
#include "app/access_calls.h"
#include "app/data_folder.h"
#include "base/log.h"
#include "client/json_view.h"
#include "http/router.h"

namespace adit {
namespace {

namespace json = boost::json;

http::Method method_of(client::Method method) {
  switch (method) {
    case client::Method::kGet:
      return http::Method::kGet;
    case client::Method::kPost:
      return http::Method::kPost;
    case client::Method::kPut:
      return http::Method::kPut;
    case client::Method::kDelete:
      return http::Method::kDelete;
  }
  std::unreachable();
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) segments.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

/// The team of that domain, in any case, or id; without one the first.
Result<Team> choose_team(Catalog& catalog, const std::optional<std::string>& domain_or_id) {
  ADIT_TRY(auto teams, catalog.list_teams());
  if (teams.empty()) {
    return not_found("The installation was never started; start it once with: adit serve");
  }
  if (!domain_or_id) return std::move(teams.front());
  ADIT_TRY(const auto of_domain, catalog.find_teams_by_domain(*domain_or_id));
  const auto found = std::ranges::find_if(teams, [&](const Team& team) {
    return std::ranges::find(of_domain, team.id) != of_domain.end() || team.id.to_string() == *domain_or_id;
  });
  if (found == teams.end()) {
    return not_found("There is no team \"" + *domain_or_id + "\"; see: adit team list");
  }
  return std::move(*found);
}

class OfflineAccess final : public AccessCalls {
 public:
  OfflineAccess(DataFolder folder, std::unique_ptr<Catalog> catalog)
      : folder_(std::move(folder)), catalog_(std::move(catalog)), authenticator_(*catalog_, clock_) {}

  /// Speaks for the team's administrator from then on.
  Result<void> open(const std::optional<std::string>& domain_or_id) {
    ADIT_TRY(const auto team, choose_team(*catalog_, domain_or_id));
    ADIT_TRY(const auto administrator, catalog_->find_administrator(team.id));
    if (!administrator) return internal("the catalog has a team without an administrator");
    principal_.team = team.id;
    principal_.user = administrator->id;
    principal_.subject = subject_of(administrator->id);
    ADIT_TRY(principal_.holder, authenticator_.holders().find(principal_.subject));
    std::vector<http::Route> routes;
    const AccessServices services{*catalog_, authenticator_, passwords_, clock_};
    for (auto& endpoint : access_endpoints()) {
      http::Route route;
      route.method = endpoint.line.method;
      route.pattern = endpoint.line.pattern;
      route.body = endpoint.line.body;
      route.handle = [this, services, endpoint](const http::Request& request) {
        auto handled = endpoint.handle(services, request);
        auto response = handled ? *std::move(handled) : error_response(request, handled.error());
        note(endpoint.line, request, response);
        return response;
      };
      routes.push_back(std::move(route));
    }
    ADIT_TRY(auto router, http::Router::create(std::move(routes)));
    router_.emplace(std::move(router));
    return {};
  }

  Result<json::value> call(client::Method method, const std::string& path,
                           const json::object& body) override {
    http::Request request;
    request.method = method_of(method);
    request.path = path;
    request.segments = segments_of(path);
    request.body = body.empty() ? std::string() : json::serialize(body);
    request.principal = principal_;
    auto match = router_->match(request.method, request.segments);
    if (match.route == nullptr)
      return internal("the command line asks for " + path + ", which nothing answers");
    request.parameters = std::move(match.parameters);
    const auto response = match.route->handle(request);
    const client::Answer answer{response.status, response.body};
    if (answer.ok() && answer.body.empty()) return json::value();
    return client::json_of(answer);
  }

  Result<std::string> find_pool(const std::string& name_or_id) override {
    ADIT_TRY(const auto pools, catalog_->list_pools(principal_.team));
    const auto found = std::ranges::find_if(pools, [&](const Pool& pool) {
      return pool.name == name_or_id || pool.id.to_string() == name_or_id;
    });
    if (found == pools.end()) return not_found("There is no pool \"" + name_or_id + "\".");
    return found->id.to_string();
  }

 private:
  /// In the audit log of the team: of whoever has the machine, since no credential was asked for. It is done:
  /// that it can't be noted does not undo it.
  void note(const Line& line, const http::Request& request, const http::Response& response) {
    if (auditing_of(line) == Auditing::kNo) return;
    auto entry = audit_entry(line, request, response, clock_.now());
    entry.principal.reset();
    entry.principal_name = "adit, server stopped";
    entry.key.reset();
    const auto noted = catalog_->insert_audit(std::span(&entry, 1), Durability::kFull);
    if (!noted)
      log::error("what was done stands in no audit log",
                 {{"operation", entry.operation}, {"detail", noted.error().internal_detail}});
  }

  DataFolder folder_;  // holds the lock; declared first, so released last
  std::unique_ptr<Catalog> catalog_;
  SystemClock clock_;
  Authenticator authenticator_;
  Passwords passwords_;
  Principal principal_;
  std::optional<http::Router> router_;
};

}  // namespace

Result<std::unique_ptr<AccessCalls>> open_offline_access(const std::filesystem::path& data,
                                                         const std::optional<std::string>& team) {
  if (!std::filesystem::exists(data / "catalog.db")) {
    return not_found("There is no adit installation in " + data.string() +
                     ". Start one with: adit serve --data " + data.string());
  }
  log::configure(log::Level::kWarning,
                 log::Format::kLogfmt);  // what a server tells is not a command's output
  ADIT_TRY(auto folder, DataFolder::open(data));
  ADIT_TRY(auto catalog, open_sqlite_catalog(folder.catalog()));
  auto access = std::make_unique<OfflineAccess>(std::move(folder), std::move(catalog));
  ADIT_CHECK(access->open(team));
  return std::unique_ptr<AccessCalls>(std::move(access));
}

}  // namespace adit
