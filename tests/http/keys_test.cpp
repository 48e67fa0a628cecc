// Keys over the API: whose they are, what restricts them, how they end.
#include <chrono>
#include <set>

#include "support/callers.h"
#include "support/second_team.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

const std::string kKeys = "/adit/api/v1/keys";

class KeyRoutes : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    callers_ = std::make_unique<Callers>(server().http());
  }
  Http as(const std::string& authorization) {
    auto http = server().http();
    http.set_authorization(authorization);
    return http;
  }
  /// Makes a key for whom the connection speaks; fails the test when that does not work.
  json::object make(Http& http, json::object more = {}) {
    more["name"] = "a key";
    const auto made = http.post_json(kKeys, more);
    EXPECT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(made.header("cache-control"), "no-store");
    return made.json().as_object();
  }
  static std::string text(const json::object& object, const char* name) {
    return std::string(object.at(name).as_string());
  }

  std::unique_ptr<Callers> callers_;
};

TEST_F(KeyRoutes, EverybodyHasTheirOwnAndAnAdministratorSeesAll) {
  const auto one = callers_->user();
  const auto two = callers_->user();
  auto http = as(one.authorization);
  const auto key = make(http);
  EXPECT_EQ(text(key, "ownerId"), one.id);
  EXPECT_EQ(text(key, "kind"), "USER");
  for (const auto& entry : http.get(kKeys).array()) EXPECT_EQ(field(entry, "ownerId"), json::string(one.id));
  EXPECT_EQ(http.get(kKeys).array().size(), 2U);
  auto stranger = as(two.authorization);
  expect_error_body(stranger.del(kKeys + "/" + text(key, "id")), 404);
  expect_error_body(stranger.post(kKeys + "/" + text(key, "id") + "/rotate"), 404);
  std::set<std::string> owners;
  for (const auto& entry : pool().http().get(kKeys).array()) owners.emplace(entry.at("ownerId").as_string());
  EXPECT_TRUE(owners.contains(one.id));
  EXPECT_TRUE(owners.contains(two.id));
  EXPECT_EQ(pool().http().del(kKeys + "/" + text(key, "id")).status, 204);
  expect_error_body(as("Bearer " + text(key, "key")).get("/api/cloud"), 401);
}

TEST_F(KeyRoutes, OnlyAnAdministratorMakesThemForOthers) {
  const auto user = callers_->user();
  const auto application = callers_->application();
  auto http = as(user.authorization);
  for (const auto& asked : {json::object{{"name", "x"}, {"kind", "APPLICATION"}},
                            json::object{{"name", "x"}, {"applicationId", application.id}},
                            json::object{{"name", "x"}, {"userId", callers_->user().id}}}) {
    expect_error_body(http.post_json(kKeys, asked), 403);
  }
  expect_error_body(as(application.authorization).post_json(kKeys, {{"name", "x"}}), 403);
  EXPECT_EQ(http.post_json(kKeys, {{"name", "x"}, {"userId", user.id}}).status, 200) << "for oneself";
}

TEST_F(KeyRoutes, ThatAreRestrictedMakeNoOthers) {
  const auto user = callers_->user("ADMIN");
  for (const auto& limits :
       {json::object{{"scopes", {"integration.data-pools"}}}, json::object{{"pools", {pool().pool()}}}}) {
    auto http = as(callers_->key_of(user, limits));
    expect_error_body(http.post_json(kKeys, {{"name", "free"}}), 403);
    EXPECT_EQ(http.get(pool().jobs_path()).status, 200);
  }
}

TEST_F(KeyRoutes, AnApplicationStartsWithNothing) {
  const auto made = pool().http().post_json(kKeys, {{"name", "new"}, {"kind", "APPLICATION"}}).json();
  auto http = as("AppKey " + std::string(made.at("key").as_string()));
  EXPECT_EQ(http.get("/api/cloud").status, 200);
  EXPECT_TRUE(http.get("/integration/api/pools").array().empty());
  expect_error_body(http.get(pool().jobs_path()), 403);
  callers_->grant({"applications", std::string(made.at("ownerId").as_string())}, "DATA_PUSH_API",
                  pool().pool());
  PoolClient theirs(std::move(http), pool().pool());
  const auto job = theirs.create_job(csv_job("REPLACE", "t"));
  theirs.upload(job, "id\n1\n");
  theirs.execute(job);
  EXPECT_EQ(theirs.wait(job).at("status"), "DONE");
  expect_error_body(theirs.try_query("SELECT 1"), 403);
}

TEST_F(KeyRoutes, ExpireAndSaySo) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const auto key = make(pool().http(), {{"expiresAt", now + 1500}});
  auto http = as("Bearer " + text(key, "key"));
  EXPECT_EQ(http.get("/api/cloud").status, 200);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  auto response = http.get("/api/cloud");
  while (response.status == 200 && std::chrono::steady_clock::now() < deadline)
    response = http.get("/api/cloud");
  expect_error_body(response, 401);
  EXPECT_NE(response.body.find("has expired"), std::string::npos);
  expect_field_error(pool().http().post_json(kKeys, {{"name", "x"}, {"expiresAt", now - 1}}), "expiresAt");
}

TEST_F(KeyRoutes, AreRotatedWithAnOverlap) {
  const auto old = make(pool().http(), {{"scopes", {"integration.data-pools:datapush"}}});
  const auto path = kKeys + "/" + text(old, "id") + "/rotate";
  const auto rotated = pool().http().post_json(path, {{"overlapSeconds", 3600}});
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  const auto next = rotated.json().as_object();
  EXPECT_EQ(field(next, "scopes"), json::array{"integration.data-pools:data_push"});
  for (const auto& key : {text(old, "key"), text(next, "key")}) {
    EXPECT_EQ(as("Bearer " + key).get("/api/cloud").status, 200);
  }
  expect_error_body(pool().http().post_json(path, {{"overlapSeconds", 0}}), 409);
  const auto again =
      pool().http().post_json(kKeys + "/" + text(next, "id") + "/rotate", {{"overlapSeconds", 0}});
  ASSERT_EQ(again.status, 200) << again.body;
  const auto refused = as("Bearer " + text(next, "key")).get("/api/cloud");
  expect_error_body(refused, 401);
  EXPECT_NE(refused.body.find("replaced"), std::string::npos);
  for (const auto& entry : pool().http().get(kKeys).array()) {
    if (field(entry, "id") == json::string(text(old, "id"))) {
      EXPECT_EQ(field(entry, "replacedBy"), json::string(text(next, "id")));
      EXPECT_TRUE(field(entry, "expiresAt").is_int64());
    }
  }
  expect_field_error(pool().http().post_json(path, {{"overlapSeconds", -1}}), "overlapSeconds");
}

TEST_F(KeyRoutes, RefuseWhatMakesNoSense) {
  for (const auto& [attribute, asked] : std::vector<std::pair<std::string, json::object>>{
           {"name", {}},
           {"name", {{"name", ""}}},
           {"name", {{"name", "tab\there"}}},
           {"name", {{"name", std::string(256, 'n')}}},
           {"kind", {{"name", "x"}, {"kind", "ROBOT"}}},
           {"scopes", {{"name", "x"}, {"scopes", {"everything"}}}},
           {"scopes", {{"name", "x"}, {"scopes", json::array()}}},
           {"pools", {{"name", "x"}, {"pools", {"7d9c44a8-1111-4222-8333-abcdefabcdef"}}}},
           {"pools", {{"name", "x"}, {"pools", {"no-uuid"}}}},
           {"userId", {{"name", "x"}, {"userId", "7d9c44a8-1111-4222-8333-abcdefabcdef"}}},
           {"applicationId", {{"name", "x"}, {"applicationId", "no-uuid"}}},
           {"key", {{"name", "x"}, {"key", "no key"}}}}) {
    SCOPED_TRACE(json::serialize(asked));
    expect_field_error(pool().http().post_json(kKeys, asked), attribute);
  }
}

TEST_F(KeyRoutes, OfADeletedOwnerAreGone) {
  const auto user = callers_->user();
  EXPECT_EQ(as(user.authorization).get("/api/cloud").status, 200);
  EXPECT_EQ(pool().http().del("/adit/api/v1/users/" + user.id).status, 204);
  expect_error_body(as(user.authorization).get("/api/cloud"), 401);
}

}  // namespace
}  // namespace adit::test
