// Every failpoint is visited: a server works until it is killed there, and what was acknowledged is there
// afterwards.
#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "faults/failpoints.h"
#include "support/callers.h"
#include "support/engine_processes.h"
#include "support/files_below.h"
#include "support/oauth.h"
#include "support/push_client.h"
#include "support/server.h"

namespace adit::test {
namespace {

using testing::IsEmpty;

const ExitStatus kKilled{std::nullopt, SIGKILL};

TEST(Failpoints, ListIsWhatTheSourcesHave) {
  std::set<std::string> places;
  std::set<std::string> writes;
  const std::regex place(R"re(failpoint\("([a-z_.]+)"\))re");
  const std::regex write(R"re(\bwrite\(\s*(?:Durability::k\w+|durability),\s*"([a-z_.]*)")re");
  for (const auto& path : files_below(ADIT_SOURCES)) {
    if (path.extension() != ".cpp" || path.string().ends_with("_test.cpp")) continue;
    std::ifstream file(path);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    for (std::sregex_iterator it(text.begin(), text.end(), place), end; it != end; ++it)
      places.insert((*it)[1]);
    for (std::sregex_iterator it(text.begin(), text.end(), write), end; it != end; ++it)
      writes.insert((*it)[1]);
  }
  std::set<std::string> listed(kFailpoints.begin(), kFailpoints.end());
  listed.insert(kBackupFailpoints.begin(), kBackupFailpoints.end());
  EXPECT_EQ(places, listed);
  EXPECT_EQ(writes, std::set<std::string>(kCatalogWrites.begin(), kCatalogWrites.end()));
}

/// What is reached by the start of an empty folder alone, only by a person who signs in with a browser, or
/// only when there is history, or an audit entry, of many days ago.
const std::set<std::string> kNotByTheDay{
    "catalog.found_team",     "catalog.insert_login",   "catalog.delete_login", "catalog.insert_consent",
    "catalog.delete_consent", "catalog.exchange_token", "catalog.set_password", "catalog.forget_audit",
    "catalog.forget_events",  "catalog.forget_history"};

/// One folder, one server after the other, and a day's work that calls everything that writes.
class FailpointVisits : public ::testing::Test {
 protected:
  FailpointVisits()
      : server_({.flags = {"--tls-listen", "off", "--checkpoint-interval-ms", "100", "--held-chunk-bytes-max",
                           "1000"},
                 .environment = {{"ADIT_CHUNK_RETENTION_HOURS", "0"}}}) {}

  void SetUp() override {
    server_.start();
    PoolClient client(server_);
    pool_ = client.pool();
    client.push_done(spec(), {"k,n\n0,0\n"});
    ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  }

  static boost::json::object spec() { return csv_job("DELTA", "t", {{"keys", {"k"}}}); }
  static std::string rows(int push, int from, int count) {
    std::string text = "k,n\n";
    for (int n = from; n < from + count; ++n) text += std::to_string(push * 1000 + n) + ",1\n";
    return text;
  }

  /// Work until the kill. False: the place was not reached.
  bool visit(const std::string& failpoint, const char* engine_in_process) {
    SCOPED_TRACE(failpoint);
    ++visit_;
    try {
      server_.start({{"ADIT_FAILPOINT", failpoint}, {"ADIT_ENGINE_IN_PROCESS", engine_in_process}});
    } catch (const StartFailure& failure) {
      const auto end = server_.wait(std::chrono::milliseconds{0});
      EXPECT_EQ(end, kKilled) << failure.what();
      return end == kKilled;
    }
    try {
      expect_what_was_acknowledged();
      work();
    } catch (const TransportError&) {
    }
    const auto end = server_.wait(std::chrono::seconds{3});
    if (!end) {
      EXPECT_EQ(server_.terminate(), ExitStatus::exited(0));
      return false;
    }
    EXPECT_EQ(*end, kKilled) << server_.log();
    return *end == kKilled;
  }

  void good(const HttpResponse& response) {
    EXPECT_THAT(response.status, testing::AnyOf(200, 201, 202, 204)) << response.body;
  }

  void work() {
    auto http = server_.http();
    PoolClient client(server_.http(), pool_);
    push(client);
    change_tables(client);
    keep_house(http);
    push_into_a_pool_that_goes(http);
  }

  void push(PoolClient& client) {
    auto& mine = pushes_[visit_];
    const auto created = client.http().send(
        {"POST",
         client.jobs_path(),
         {{"Content-Type", "application/json"}, {"Idempotency-Key", "create-" + std::to_string(visit_)}},
         boost::json::serialize(spec())});
    good(created);
    mine.job = std::string(created.json().at("id").as_string());
    client.upload(mine.job, rows(visit_, 1, 3));
    client.upload(mine.job, rows(visit_, 4, 300));
    client.upload(mine.job, rows(visit_, 500, 3));
    const auto chunk = std::string(client.wait_staged(mine.job)[2].at("id").as_string());
    good(client.http().del(client.job_path(mine.job) + "/chunks/" + chunk));
    mine.asked = true;
    client.execute(mine.job);
    mine.acknowledged = true;
    EXPECT_EQ(client.wait(mine.job).at("status"), "DONE");
    // Refused, and its key is free again.
    const auto refused = client.http().send(
        {"POST",
         client.jobs_path(),
         {{"Content-Type", "application/json"}, {"Idempotency-Key", "refused-" + std::to_string(visit_)}},
         "{}"});
    EXPECT_EQ(refused.status, 400) << refused.body;
    const auto canceled = client.create_job(spec());
    good(client.try_cancel(canceled));
    good(client.try_delete(canceled));
  }

  void change_tables(PoolClient& client) {
    client.push_done(csv_job("REPLACE", "other"), {"a\n1\n"});
    good(client.http().post("/adit/api/v1/pools/" + pool_ + "/tables/other/truncate"));
  }

  void keep_house(Http& http) {
    const auto name = std::to_string(visit_);
    const auto put = [&](const std::string& target, const boost::json::value& body) {
      good(http.send({"PUT", target, {{"Content-Type", "application/json"}}, boost::json::serialize(body)}));
    };
    Callers callers(server_.http());
    const auto user = callers.user();
    callers.set_active(user, false);
    callers.set_active(user, true);
    const auto application = callers.application();
    callers.set_active(application, false);
    callers.set_active(application, true);
    const auto group = callers.group_of({user});
    put("/adit/api/v1/groups/" + group.id, {{"name", "group " + name}});
    callers.grant(group, "VIEW_DATA_POOL", pool_);
    callers.revoke(group, "VIEW_DATA_POOL", pool_);
    good(http.del("/adit/api/v1/groups/" + group.id + "/members/" + user.id));
    good(http.del("/adit/api/v1/groups/" + group.id));
    const auto key = http.post_json("/adit/api/v1/keys", {{"name", "k"}, {"kind", "APPLICATION"}});
    good(key);
    const auto key_path = "/adit/api/v1/keys/" + std::string(key.json().at("id").as_string());
    good(http.post_json(key_path + "/rotate", {{"overlapSeconds", 60}}));
    good(http.del(key_path));
    put("/adit/api/v1/team/limits", {{"perSecond", 1000}, {"perHour", 100000}});
    const auto client =
        make_client(http, {{"name", "client " + name},
                           {"grantTypes", {"client_credentials"}},
                           {"scopes", boost::json::array{"integration.data-pools:data_push"}}});
    const auto clients = "/adit/api/v1/oauth/clients/" + client.id;
    auto stranger = server_.http();
    const auto token =
        post_form(stranger, "/oauth2/token", {{"grant_type", "client_credentials"}}, client.basic());
    good(token);
    good(post_form(stranger, "/oauth2/revoke",
                   {{"token", std::string(token.json().at("access_token").as_string())}}, client.basic()));
    put(clients, {{"name", "renamed " + name}});
    good(http.post(clients + "/secret"));
    good(http.post(clients + "/revoke"));
    good(http.del(clients));
    good(http.del("/adit/api/v1/applications/" + application.id));
    good(http.del("/adit/api/v1/users/" + user.id));
    const auto sources = "/integration/api/pools/" + pool_ + "/data-sources";
    const auto source = http.post_json(sources, {{"name", "source " + name}});
    good(source);
    good(http.del(sources + "/" + std::string(source.json().at("id").as_string())));
  }

  void push_into_a_pool_that_goes(Http& http) {
    const auto pool = create_pool(http, "pool " + std::to_string(visit_));
    PoolClient client(server_.http(), pool);
    client.push_done(csv_job("REPLACE", "t"), {"a\n1\n"});
    const auto path = "/adit/api/v1/pools/" + pool;
    const auto put = [&](const std::string& target, const boost::json::object& body) {
      good(http.send({"PUT", target, {{"Content-Type", "application/json"}}, boost::json::serialize(body)}));
    };
    put(path, {{"name", "renamed " + std::to_string(visit_)}});
    put(path + "/quota", {{"maxBytes", 1'000'000'000}});
    good(http.del(path));
  }

  /// Executed: landed whole and once. Not executed, or nobody knows: whole or not at all.
  void expect_what_was_acknowledged() {
    PoolClient client(server_.http(), pool_);
    for (auto& [visit, push] : pushes_) {
      if (push.checked || push.job.empty()) continue;
      if (push.asked && client.status(push.job) != "NEW") client.wait(push.job);
      const auto count = client.value("SELECT count(*) FROM t WHERE k // 1000 = " + std::to_string(visit));
      if (push.acknowledged || count != "0") {
        EXPECT_EQ(count, "303") << "visit " << visit;
        EXPECT_TRUE(push.asked);
      }
      push.checked = true;
    }
  }

  struct Push {
    std::string job{};
    bool asked = false;
    bool acknowledged = false;
    bool checked = false;
  };

  Server server_;
  std::string pool_;
  int visit_ = 0;
  std::map<int, Push> pushes_;
};

TEST_F(FailpointVisits, PlacesInPushesWithTheEngineInTheProcess) {
  for (const auto name : kFailpoints) EXPECT_TRUE(visit(std::string(name), "true")) << name;
}

TEST_F(FailpointVisits, PlacesInPushesWithTheEngineInItsOwnProcess) {
  for (const auto name : kFailpoints) EXPECT_TRUE(visit(std::string(name), "false")) << name;
}

TEST_F(FailpointVisits, CommitsOfTheCatalog) {
  for (const auto name : kCatalogWrites) {
    if (kNotByTheDay.contains(std::string(name))) continue;
    for (const auto* place : {".before_commit", ".after_commit"})
      EXPECT_TRUE(visit(std::string(name) + place, "true")) << name << place;
  }
  server_.start();
  expect_what_was_acknowledged();
}

TEST(FailpointOfTheFirstStart, LeavesAFolderThatTheNextStartCompletes) {
  for (const auto* place : {"catalog.found_team.before_commit", "catalog.found_team.after_commit"}) {
    Server server;
    EXPECT_THROW(server.start({{"ADIT_FAILPOINT", place}}), StartFailure);
    EXPECT_EQ(server.wait(std::chrono::seconds{1}), kKilled);
    server.start();
    PoolClient(server).push_done(csv_job("REPLACE", "t"), {"a\n1\n"});
  }
}

}  // namespace
}  // namespace adit::test
