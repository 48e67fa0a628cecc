// What admission costs: the key or token, the host name and the permission of a request, from memory.
// `adit_access_bench`; at most 20 µs.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <vector>

#include "access/authenticator.h"
#include "access/authorization.h"
#include "access/keys.h"
#include "access/oauth_tokens.h"
#include "catalog/catalog.h"

namespace adit {
namespace {

constexpr int kApplications = 1'000;

enum class Credential { kKey, kAccessToken };

/// A team of a thousand applications with a key, an OAuth client with a token, and a grant each.
class Installation {
 public:
  Installation() {
    std::filesystem::create_directories(folder_);
    catalog_ = *open_sqlite_catalog(folder_ / "catalog.db");
    const Team team{TeamId::random(), "team", "team"};
    const User user{UserId::random(), team.id, "Admin", "admin@localhost", Role::kAdministrator};
    const auto now = clock_.now();
    good(catalog_->found_team(team, user, issue_key({team.id, subject_of(user.id), user.id, "k"}, now).key));
    good(catalog_->insert_pool({pool_, team.id, "pool", "", user.id.uuid(), now}));
    for (int i = 0; i < kApplications; ++i) {
      const Application application{ApplicationId::random(), team.id, "app", user.id, true, now};
      const auto key = issue_key({team.id, subject_of(application.id), user.id, "key"}, now);
      good(catalog_->insert_key(key.key, application));
      good(catalog_->insert_grant({team.id, subject_of(application.id), pool_, Permission::kDataPushApi}));
      headers_.push_back("AppKey " + key.text);
      tokens_.push_back("Bearer " + issue_token(application));
    }
  }
  ~Installation() {
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }

  bool admitted(Authenticator& authenticator, std::size_t turn, Credential credential) const {
    const auto& headers = credential == Credential::kKey ? headers_ : tokens_;
    const auto principal = authenticator.authenticate(headers[turn % headers.size()]);
    return principal && authenticator.team_hosts().check(*principal, "team.eu-1.example") &&
           authorize(*principal, Needs::kPushData, pool_);
  }
  Catalog& catalog() { return *catalog_; }
  const Clock& clock() const { return clock_; }

 private:
  std::string issue_token(const Application& application) {
    OauthClient client;
    client.confidential = true;
    client.id = ClientId::random();
    client.team = application.team;
    client.application = application.id;
    client.name = "client";
    client.creator = application.creator;
    client.grant_types = {GrantType::kClientCredentials};
    client.scopes = {Scope::kDataPush};
    good(catalog_->insert_client(client, std::nullopt));
    const auto issued = OauthTokens(*catalog_, clock_).issue(client, {.grant_type = "client_credentials"});
    if (!issued) throw std::runtime_error(issued.error().description);
    return issued->access_token;
  }
  static void good(const Result<void>& result) {
    if (!result) throw std::runtime_error(result.error().internal_detail);
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("adit-bench-" + Uuid::random().to_string());
  SystemClock clock_;
  std::unique_ptr<Catalog> catalog_;
  const PoolId pool_ = PoolId::random();
  std::vector<std::string> headers_;
  std::vector<std::string> tokens_;
};

void admission(benchmark::State& state, Credential credential) {
  static Installation installation;
  static Authenticator authenticator(installation.catalog(), installation.clock());
  std::size_t turn = 0;
  for (; turn < kApplications; ++turn) installation.admitted(authenticator, turn, credential);
  for (auto _ : state) {
    if (!installation.admitted(authenticator, turn++, credential))
      state.SkipWithError("a caller was refused");
  }
}
BENCHMARK_CAPTURE(admission, key, Credential::kKey)
    ->Unit(benchmark::kMicrosecond)
    ->ThreadRange(1, 2)
    ->UseRealTime();
BENCHMARK_CAPTURE(admission, token, Credential::kAccessToken)
    ->Unit(benchmark::kMicrosecond)
    ->ThreadRange(1, 2)
    ->UseRealTime();

}  // namespace
}  // namespace adit

BENCHMARK_MAIN();
