// Every route of the server × every kind of caller, against a matrix that is written out here.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "api/endpoint.h"
#include "support/callers.h"
#include "support/oauth.h"
#include "support/second_team.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

using Names = std::set<std::string>;

/// Who may, by what is asked for. Whoever is not named is refused.
const std::map<std::string, Names>& matrix() {
  static const Names kUsers{"admin",     "analyst",  "member",  "use",           "view",
                            "edit",      "manage",   "push",    "continuous",    "use all",
                            "view all",  "edit all", "create",  "manage all",    "auditor",
                            "registrar", "reviewer", "monitor", "push by group", "other team"};
  static const auto with = [](Names names, const Names& more) {
    names.insert(more.begin(), more.end());
    return names;
  };
  static const Names kAll =
      with(kUsers, {"application", "application push", "key to push", "key to read", "key to query",
                    "key to pools", "key of pool", "key of other pool", "token to push", "token to read",
                    "token to query", "token to pools", "token of nobody", "key to metrics"});
  static const Names kView{"admin",       "view",          "edit",           "manage",        "view all",
                           "edit all",    "manage all",    "key to read",    "key to query",  "key to pools",
                           "key of pool", "token to read", "token to query", "token to pools"};
  static const std::map<std::string, Names> kMatrix{
      {"open", with(kAll, {"nobody"})},
      {"caller", kAll},
      {"list pools",
       [] {
         auto names = kAll;
         names.erase("key to push");
         names.erase("token to push");
         names.erase("key to metrics");
         return names;
       }()},
      {"push",
       {"admin", "manage", "push", "manage all", "push by group", "application push", "key to push",
        "key to pools", "key of pool", "token to push", "token to pools"}},
      {"view", kView},
      {"query",
       [] {
         auto names = kView;
         names.erase("key to read");
         names.erase("token to read");
         return names;
       }()},
      {"edit",
       {"admin", "edit", "manage", "edit all", "manage all", "key to pools", "key of pool",
        "token to pools"}},
      {"manage", {"admin", "manage", "manage all", "key to pools", "key of pool", "token to pools"}},
      {"create", {"admin", "create", "key to pools", "other team"}},
      {"own", kUsers},
      {"members", {"admin", "registrar", "other team"}},
      {"grants", {"admin", "reviewer", "other team"}},
      {"audit", {"admin", "auditor", "other team"}},
      {"administer", {"admin", "other team"}},
      {"metrics", {"admin", "monitor", "key to metrics"}},
      {"back up", {"admin"}}};
  return kMatrix;
}

/// What each route asks for.
const std::map<std::string, std::string>& asked() {
  static const std::map<std::string, std::string> kAsked{{"describeApi", "open"},
                                                         {"listHistory", "view"},
                                                         {"listAudit", "audit"},
                                                         {"getLimits", "administer"},
                                                         {"setLimits", "administer"},
                                                         {"startBackup", "back up"},
                                                         {"getBackup", "back up"},
                                                         {"getHistory", "view"},
                                                         {"streamPoolEvents", "view"},
                                                         {"streamJobEvents", "push"},
                                                         {"describeServer", "open"},
                                                         {"isAlive", "open"},
                                                         {"isReady", "open"},
                                                         {"metrics", "metrics"},
                                                         {"describeCaller", "caller"},
                                                         {"listPermissions", "caller"},
                                                         {"describeTeam", "caller"},
                                                         {"describeAccount", "caller"},
                                                         {"listPools", "list pools"},
                                                         {"pagePools", "list pools"},
                                                         {"createJob", "push"},
                                                         {"listJobs", "push"},
                                                         {"getJob", "push"},
                                                         {"executeJob", "push"},
                                                         {"cancelJob", "push"},
                                                         {"deleteJob", "push"},
                                                         {"listChunks", "push"},
                                                         {"removeChunk", "push"},
                                                         {"upsertChunk", "push"},
                                                         {"deleteChunk", "push"},
                                                         {"getPool", "view"},
                                                         {"getDiskQuota", "view"},
                                                         {"setDiskQuota", "administer"},
                                                         {"listDataSources", "view"},
                                                         {"getDataSource", "view"},
                                                         {"listTables", "view"},
                                                         {"listColumns", "view"},
                                                         {"getTableChange", "view"},
                                                         {"downloadTable", "view"},
                                                         {"query", "query"},
                                                         {"updatePool", "edit"},
                                                         {"createDataSource", "edit"},
                                                         {"deleteDataSource", "edit"},
                                                         {"dropTable", "edit"},
                                                         {"truncateTable", "edit"},
                                                         {"deleteRows", "edit"},
                                                         {"cancelTableChange", "edit"},
                                                         {"deletePool", "manage"},
                                                         {"listPoolGrants", "manage"},
                                                         {"grantOnPool", "manage"},
                                                         {"revokeOnPool", "manage"},
                                                         {"createPool", "create"},
                                                         {"changeAccount", "own"},
                                                         {"changePassword", "own"},
                                                         {"listKeys", "own"},
                                                         {"createKey", "own"},
                                                         {"rotateKey", "own"},
                                                         {"deleteKey", "own"},
                                                         {"listUsers", "members"},
                                                         {"getUser", "members"},
                                                         {"listApplications", "members"},
                                                         {"getApplication", "members"},
                                                         {"listGroups", "members"},
                                                         {"getGroup", "members"},
                                                         {"listGrants", "grants"},
                                                         {"exportGrants", "grants"},
                                                         {"createUser", "administer"},
                                                         {"updateUser", "administer"},
                                                         {"deleteUser", "administer"},
                                                         {"resetPassword", "administer"},
                                                         {"issueToken", "open"},
                                                         {"revokeToken", "open"},
                                                         {"authorize", "open"},
                                                         {"decideAuthorization", "open"},
                                                         {"describeIssuer", "open"},
                                                         {"listConsents", "own"},
                                                         {"revokeConsent", "own"},
                                                         {"listClients", "administer"},
                                                         {"getClient", "administer"},
                                                         {"createClient", "administer"},
                                                         {"updateClient", "administer"},
                                                         {"deleteClient", "administer"},
                                                         {"regenerateSecret", "administer"},
                                                         {"revokeClientTokens", "administer"},
                                                         {"createApplication", "administer"},
                                                         {"updateApplication", "administer"},
                                                         {"deleteApplication", "administer"},
                                                         {"createGroup", "administer"},
                                                         {"renameGroup", "administer"},
                                                         {"deleteGroup", "administer"},
                                                         {"addMember", "administer"},
                                                         {"removeMember", "administer"},
                                                         {"grantInTeam", "administer"},
                                                         {"revokeInTeam", "administer"}};
  return kAsked;
}

class Permissions : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({});
    server_of_suite().terminate();
    other_team_ = add_second_team(server_of_suite().data(), "acme");
    server_of_suite().start();
  }
  void SetUp() override {
    ServerTest::SetUp();
    callers_ = std::make_unique<Callers>(server().http());
  }

  /// The Authorization of a caller of that kind, whose permissions on a pool are on this one.
  std::string caller(const std::string& kind, const std::string& on) {
    static const std::map<std::string, std::string> kOnPool{
        {"use", "USE_ALL_DATA_MODELS"}, {"view", "VIEW_DATA_POOL"},
        {"edit", "EDIT_DATA_POOL"},     {"manage", "MANAGE_DATA_POOL"},
        {"push", "DATA_PUSH_API"},      {"continuous", "CONTINUOUS_DATA_PUSH_API"}};
    static const std::map<std::string, std::string> kInTeam{{"use all", "USE_ALL_DATA_MODELS"},
                                                            {"view all", "VIEW_ALL_DATA_POOLS"},
                                                            {"edit all", "EDIT_ALL_DATA_POOLS"},
                                                            {"create", "CREATE_DATA_POOL"},
                                                            {"manage all", "MANAGE_ALL_DATA_POOLS"},
                                                            {"auditor", "VIEW_AUDIT_LOG"},
                                                            {"registrar", "VIEW_USERS_AND_GROUPS"},
                                                            {"reviewer", "VIEW_PERMISSIONS"},
                                                            {"monitor", "VIEW_METRICS"}};
    static const std::map<std::string, std::string> kScopes{
        {"key to push", "integration.data-pools:data_push"},
        {"key to read", "integration.data-pools:read"},
        {"key to query", "integration.data-pools:query"},
        {"key to pools", "integration.data-pools"},
        {"key to metrics", "metrics:read"}};
    if (kind == "other team") return "Bearer " + other_team_.key;
    if (kind == "application" || kind == "application push") {
      const auto application = callers_->application();
      if (kind == "application push") callers_->grant(application, "DATA_PUSH_API", on);
      return application.authorization;
    }
    if (kScopes.contains(kind)) {
      return callers_->key_of(callers_->user("ADMIN"), {{"scopes", {kScopes.at(kind)}}});
    }
    if (kind.starts_with("token ")) return token(kind);
    if (kind == "key of pool") return callers_->key_of(callers_->user("ADMIN"), {{"pools", {on}}});
    if (kind == "key of other pool") {
      return callers_->key_of(callers_->user("ADMIN"), {{"pools", {PoolClient(server()).pool()}}});
    }
    const auto user = callers_->user(kind == "admin" ? "ADMIN" : kind == "analyst" ? "ANALYST" : "MEMBER");
    if (kOnPool.contains(kind)) callers_->grant(user, kOnPool.at(kind), on);
    if (kInTeam.contains(kind)) callers_->grant(user, kInTeam.at(kind));
    if (kind == "push by group") callers_->grant(callers_->group_of({user}), "DATA_PUSH_API", on);
    return user.authorization;
  }

  /// An access token with one scope, of an application that may everything on every pool; "of nobody": with
  /// scopes for everything, of an application that may nothing.
  std::string token(const std::string& kind) {
    static const std::map<std::string, boost::json::array> kScopes{
        {"token to push", {"integration.data-pools:data_push"}},
        {"token to read", {"integration.data-pools:read"}},
        {"token to query", {"integration.data-pools:query"}},
        {"token to pools", {"integration.data-pools"}},
        {"token of nobody",
         {"integration.data-pools", "audit.log:read", "team.user-group-info:read",
          "authorization.permissions:read", "metrics:read"}}};
    const auto client = make_client(pool().http(), {{"name", kind}, {"scopes", kScopes.at(kind)}});
    if (kind != "token of nobody") {
      callers_->grant({"applications", client.application}, "MANAGE_ALL_DATA_POOLS");
    }
    auto http = server().http();
    const auto issued =
        post_form(http, "/oauth2/token", {{"grant_type", "client_credentials"}}, client.basic());
    return "Bearer " + std::string(issued.json().at("access_token").as_string());
  }

  /// The path of a line; nothing in it but the pool exists.
  static std::string path(const std::string& pattern, const std::string& pool) {
    std::string path = pattern;
    for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
      const auto close = path.find('}', open);
      const auto name = path.substr(open + 1, close - open - 1);
      std::string value = "7d9c44a8-1111-4222-8333-abcdefabcdef";
      if (name == "poolId") value = pool;
      if (name == "subjectKind") value = "users";
      if (name == "permission") value = "VIEW_DATA_POOL";
      path.replace(open, close - open + 1, value);
    }
    return path;
  }

  /// What admission says: 401, 403, 404 for a pool that is not there, else 0, whatever the handler says then.
  static int refusal(const HttpResponse& response) {
    // The token endpoint's own 401 and the consent page's 403 are about what stands in the form.
    if (response.body.find("error_description") != std::string::npos) return 0;
    if (response.status == 401 || response.status == 403) return response.status;
    const bool no_pool = response.status == 404 && response.body.find("no data pool") != std::string::npos;
    return no_pool ? 404 : 0;
  }

  static SecondTeam other_team_;
  std::unique_ptr<Callers> callers_;
};

SecondTeam Permissions::other_team_;

TEST_F(Permissions, EveryRouteLetsInWhomTheMatrixNames) {
  const auto table = make_table(ApiLimits());
  ASSERT_TRUE(table) << table.error().internal_detail;
  const auto lines = table->lines();
  ASSERT_GT(lines.size(), 100U);
  const auto kinds = matrix().at("open");
  for (const auto& kind : kinds) {
    SCOPED_TRACE(kind);
    auto http = server().http();
    const auto credential =
        kind == "nobody" ? std::optional<std::string>() : std::optional(caller(kind, pool().pool()));
    for (const auto& line : lines) {
      SCOPED_TRACE(std::string(http::to_string(line.method)) + " " + line.pattern);
      ASSERT_TRUE(asked().contains(line.operation)) << line.operation << " has no place in the matrix";
      const auto& may = matrix().at(asked().at(line.operation)).contains(kind);
      http.set_authorization(credential);
      auto target = pool().pool();
      if (line.operation == "deletePool" && may) {
        target = PoolClient(server()).pool();
        http.set_authorization(caller(kind, target));
      }
      const auto response = http.send(
          {std::string(http::to_string(line.method)),
           path(line.pattern, target),
           {{"Content-Type", "application/json"}, {"Last-Event-ID", "not one, so that no stream begins"}},
           "{}"});
      const bool of_pool = line.pattern.find("{poolId}") != std::string::npos;
      int expected = may ? 0 : 403;
      if (kind == "nobody" && !may) expected = 401;
      if (kind == "other team" && of_pool) expected = 404;
      EXPECT_EQ(refusal(response), expected) << response.status << " " << response.body;
      if (expected != 0) expect_error_body(response, expected);
      if (expected == 403) {
        EXPECT_EQ(field(response.json(), "errorCode"), "ADMIN_ACCESS_ERROR");
      }
    }
  }
}

TEST_F(Permissions, TheListOfPoolsShowsWhatTheCallerMayView) {
  const auto viewer = callers_->user();
  const auto second = PoolClient(server()).pool();
  callers_->grant(viewer, "VIEW_DATA_POOL", pool().pool());
  callers_->grant(viewer, "DATA_PUSH_API", second);
  auto http = server().http();
  http.set_authorization(viewer.authorization);
  const auto listed = http.get("/integration/api/pools").array();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(field(listed[0], "id"), boost::json::string(pool().pool()));
  EXPECT_EQ(field(listed[0], "permissions"), boost::json::array{"VIEW_DATA_POOL"});
  const auto page = http.get("/integration/api/pools/paged?limit=10").json();
  EXPECT_EQ(field(page, "totalCount"), 1);
  EXPECT_EQ(field(page, "content").as_array(), listed);
  EXPECT_TRUE(
      http.get("/integration/api/pools/paged?limit=10&page=1").json().at("content").as_array().empty());
}

TEST_F(Permissions, WhoCreatesAPoolManagesIt) {
  for (const bool application : {false, true}) {
    const auto creator = application ? callers_->application() : callers_->user();
    callers_->grant(creator, "CREATE_DATA_POOL");
    auto http = server().http();
    http.set_authorization(creator.authorization);
    const auto made = http.post_json("/integration/api/pools", {{"name", "mine"}});
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(field(made.json(), "creatorUserId"), boost::json::string(creator.id));
    EXPECT_EQ(field(made.json(), "permissions"),
              (boost::json::array{"VIEW_DATA_POOL", "EDIT_DATA_POOL", "MANAGE_DATA_POOL", "DATA_PUSH_API"}));
    const auto id = std::string(made.json().at("id").as_string());
    PoolClient mine(std::move(http), id);
    mine.push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
    EXPECT_EQ(mine.value("SELECT id FROM t"), "1");
    EXPECT_EQ(mine.http().del("/integration/api/pools/" + id).status, 204);
  }
}

TEST_F(Permissions, OfTheCallerAreListedAsTheyAre) {
  const auto user = callers_->user("ANALYST");
  callers_->grant(user, "VIEW_ALL_DATA_POOLS");
  auto http = server().http();
  http.set_authorization(user.authorization);
  EXPECT_EQ(http.get("/api/cloud/permissions").json(),
            (boost::json::array{{{"serviceName", "event-collection"},
                                 {"permissions", boost::json::array{"VIEW_ALL_DATA_POOLS"}}}}));
  EXPECT_EQ(field(http.get("/api/cloud").json(), "role"), 1);
  EXPECT_EQ(field(http.get("/api/cloud").json(), "id"), boost::json::string(user.id));
}

TEST_F(Permissions, AreExportedWithNames) {
  const auto user = callers_->user();
  callers_->grant(user, "DATA_PUSH_API", pool().pool());
  const auto exported = pool().http().get("/api/authorization/external/permissions");
  ASSERT_EQ(exported.status, 200) << exported.body;
  int found = 0;
  for (const auto& entry : exported.array()) {
    if (field(entry, "subjectId") != boost::json::string(user.id)) continue;
    ++found;
    EXPECT_EQ(field(entry, "poolId"), boost::json::string(pool().pool()));
    EXPECT_EQ(field(entry, "permission"), "DATA_PUSH_API");
    EXPECT_EQ(field(entry, "serviceName"), "event-collection");
    EXPECT_EQ(field(entry, "subjectKind"), "USER");
  }
  EXPECT_EQ(found, 1);
}

TEST_F(Permissions, SqlAfterThePushNeedsEditWhenItIsCreatedAndWhenItIsExecuted) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  const auto spec = csv_job("DELTA", "t", {{"postExecutionQuery", "DELETE FROM t WHERE id = 1"}});
  const auto pusher = callers_->user();
  callers_->grant(pusher, "DATA_PUSH_API", pool().pool());
  auto http = server().http();
  http.set_authorization(pusher.authorization);
  PoolClient theirs(std::move(http), pool().pool());
  const auto refused = theirs.try_create(spec);
  expect_error_body(refused, 403);
  EXPECT_NE(refused.body.find("postExecutionQuery"), std::string::npos);
  callers_->grant(pusher, "EDIT_DATA_POOL", pool().pool());
  const auto job = theirs.create_job(spec);
  theirs.upload(job, "id\n2\n");
  callers_->revoke(pusher, "EDIT_DATA_POOL", pool().pool());
  expect_error_body(theirs.try_execute(job), 403);
  EXPECT_EQ(theirs.status(job), "NEW");
  callers_->grant(pusher, "EDIT_DATA_POOL", pool().pool());
  theirs.execute(job);
  EXPECT_EQ(theirs.wait(job).at("status"), "DONE");
}

TEST_F(Permissions, TakenWhileAnUploadRunsLeaveNothingOfIt) {
  const auto pusher = callers_->user();
  callers_->grant(pusher, "DATA_PUSH_API", pool().pool());
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  RawConnection connection(server().address());
  connection.send("POST " + pool().chunks_path(job) +
                  " HTTP/1.1\r\nHost: x\r\nAuthorization: " + pusher.authorization +
                  "\r\nExpect: 100-continue\r\nContent-Type: text/csv\r\n" + "Content-Length: 5\r\n\r\n");
  ASSERT_EQ(connection.read_response().status, 100) << "the upload was let in";
  callers_->revoke(pusher, "DATA_PUSH_API", pool().pool());
  connection.send("id\n1\n");
  expect_error_body(connection.read_response(), 403);
  EXPECT_TRUE(pool().chunks(job).empty());
  EXPECT_TRUE(server().chunk_files(pool().pool()).empty());
}

TEST_F(Permissions, OfADisabledCallerEndAtOnceAndComeBack) {
  for (const auto& somebody : {callers_->user(), callers_->application()}) {
    callers_->grant(somebody, "DATA_PUSH_API", pool().pool());
    auto http = server().http();
    http.set_authorization(somebody.authorization);
    EXPECT_EQ(http.get(pool().jobs_path()).status, 200);
    callers_->set_active(somebody, false);
    const auto refused = http.get(pool().jobs_path());
    expect_error_body(refused, 401);
    EXPECT_NE(refused.body.find("disabled"), std::string::npos);
    callers_->set_active(somebody, true);
    EXPECT_EQ(http.get(pool().jobs_path()).status, 200);
  }
}

}  // namespace
}  // namespace adit::test
