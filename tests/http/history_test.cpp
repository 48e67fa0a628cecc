// GET /adit/api/v1/pools/{poolId}/history: what stays known of jobs.
#include <chrono>
#include <thread>

#include "support/callers.h"
#include "support/oauth.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class History : public ServerTest {
 protected:
  std::string path(const std::string& rest = "") {
    return "/adit/api/v1/pools/" + pool().pool() + "/history" + rest;
  }
  json::object get(const std::string& rest = "") {
    const auto response = pool().http().get(path(rest));
    EXPECT_EQ(response.status, 200) << response.body;
    return response.json().as_object();
  }
  std::vector<std::string> ids(const std::string& query) {
    std::vector<std::string> result;
    const auto page = get(query);
    for (const auto& job : page.at("jobs").as_array()) result.emplace_back(job.at("id").as_string());
    return result;
  }
  std::string push(const std::string& table, const std::string& rows) {
    return std::string(pool().push(csv_job("REPLACE", table), {rows}).at("id").as_string());
  }
  HttpResponse change(const std::string& table, const std::string& what, const json::object& body = {}) {
    return pool().http().post_json("/adit/api/v1/pools/" + pool().pool() + "/tables/" + table + "/" + what,
                                   body);
  }
};

TEST_F(History, TellsAllOfADeletedJob) {
  const auto id = pool().create_job(csv_job("REPLACE", "t", {{"mirrorTargetNames", json::array{"copy"}}}));
  pool().upload(id, "id\n1\n2\n");
  pool().upload(id, "id\n3\n");
  pool().execute(id);
  const auto before = pool().wait(id);
  ASSERT_EQ(pool().try_delete(id).status, 204);
  expect_error_body(pool().http().get(pool().job_path(id)), 404);
  const auto job = get("/" + id);
  for (const auto* name : {"id", "dataPoolId", "targetName", "type", "status", "keys", "logs", "creationDate",
                           "mirrorTargetNames"}) {
    EXPECT_EQ(job.at(name), before.at(name)) << name;
  }
  EXPECT_EQ(field(job, "kind"), "PUSH");
  EXPECT_EQ(field(job, "claims"), 1);
  EXPECT_EQ(field(job, "adit.rowsLanded"), 3);
  EXPECT_EQ(field(job, "chunkFilesKept"), true);
  EXPECT_EQ(field(job, "createdBy.userName"), "Administrator");
  EXPECT_EQ(field(job, "createdBy.keyName"), "first key");
  std::int64_t last = 0;
  for (const auto* phase :
       {"created", "firstChunk", "lastChunk", "executed", "started", "finished", "deleted"}) {
    const auto at = field(job, std::string("times.") + phase);
    ASSERT_TRUE(at.is_int64()) << phase;
    EXPECT_GE(at.as_int64(), last) << phase;
    last = at.as_int64();
  }
  EXPECT_EQ(job.at("deletedAt"), field(job, "times.deleted"));
  const auto& chunks = job.at("chunks").as_array();
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(field(chunks[0], "adit.rows"), 2);
  EXPECT_EQ(field(chunks[0], "adit.state"), "STAGED");
  EXPECT_EQ(field(chunks[0], "adit.bytes"), 7);
  EXPECT_EQ(field(chunks[0], "checksum").as_string().size(), 64u);
}

/// Whoever pushes, the history and the audit log say by which credential.
TEST_F(History, SaysWhichApplicationsKeyOrWhichClientMadeAJob) {
  Callers callers(server().http());
  const auto me = pool().http().get("/adit/api/v1/me").json();
  const auto push_as = [&](const std::string& authorization) {
    auto http = server().http();
    http.set_authorization(authorization);
    PoolClient theirs(std::move(http), pool().pool());
    const auto id = theirs.create_job(csv_job("REPLACE", "t"));
    theirs.upload(id, "id\n1\n");
    theirs.execute(id);
    EXPECT_EQ(theirs.wait(id).at("status"), "DONE");
    return id;
  };
  const auto expect_made_by = [&](const std::string& job, const json::value& credential, const char* name) {
    const auto listed = field(get("/" + job), "createdBy");
    EXPECT_EQ(field(listed, "keyId"), credential);
    EXPECT_EQ(field(listed, "keyName"), name);
    EXPECT_EQ(field(listed, "userId"), field(me, "id")) << "who made the application";
    EXPECT_EQ(field(listed, "userName"), field(me, "name"));
    const auto audited = [&] {
      return pool().http().get("/adit/api/v1/audit?operation=executeJob&object=" + job).json().at("entries");
    };
    for (int i = 0; i < 1'000 && audited().as_array().empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(field(audited().as_array().at(0), "keyId"), credential);
    EXPECT_EQ(field(audited().as_array().at(0), "principalKind"), "APPLICATION");
  };

  const auto application = callers.application();
  callers.grant(application, "DATA_PUSH_API", pool().pool());
  auto as_application = server().http();
  as_application.set_authorization(application.authorization);
  expect_made_by(push_as(application.authorization),
                 field(as_application.get("/adit/api/v1/me").json(), "keyId"), "a key");

  const auto client = make_client(
      pool().http(), {{"name", "Night loader"}, {"scopes", {"integration.data-pools:data_push"}}});
  callers.grant({"applications", client.application}, "DATA_PUSH_API", pool().pool());
  auto http = server().http();
  const auto issued =
      post_form(http, "/oauth2/token", {{"grant_type", "client_credentials"}}, client.basic());
  const auto job = push_as("Bearer " + std::string(issued.json().at("access_token").as_string()));
  expect_made_by(job, json::string(client.id), "Night loader");
}

TEST_F(History, KeepsTheErrorsOfADeletedJob) {
  const auto id = push("t", "id,name\n1\n");
  ASSERT_EQ(pool().try_delete(id).status, 204);
  const auto job = get("/" + id);
  EXPECT_EQ(field(job, "status"), "ERROR");
  EXPECT_FALSE(job.at("logs").as_array().empty());
  EXPECT_EQ(field(job.at("chunks").as_array().at(0), "adit.state"), "FAILED");
  EXPECT_EQ(field(job.at("chunks").as_array().at(0), "adit.errors").as_array().size(), 1u);
}

TEST_F(History, HoldsTableChangesWithTheirRows) {
  push("people", "id,name\n1,Ada\n2,Bob\n3,Ada\n");
  ASSERT_EQ(change("people", "delete-rows", {{"where", "name = 'Ada'"}}).status, 200);
  ASSERT_EQ(change("people", "truncate").status, 200);
  ASSERT_EQ(pool().http().del("/adit/api/v1/pools/" + pool().pool() + "/tables/people").status, 200);
  const auto jobs = get("?kind=TABLE_CHANGE").at("jobs").as_array();
  ASSERT_EQ(jobs.size(), 3u);
  EXPECT_EQ(field(jobs[0], "kind"), "DROP");
  EXPECT_EQ(field(jobs[1], "kind"), "TRUNCATE");
  EXPECT_EQ(field(jobs[1], "adit.rowsLanded"), 1);
  EXPECT_EQ(field(jobs[2], "adit.rowsLanded"), 2);
  EXPECT_EQ(field(jobs[2], "predicate"), "name = 'Ada'");
  EXPECT_TRUE(field(jobs[2], "type").is_null());
  EXPECT_TRUE(field(jobs[2], "deletedAt").is_null());
  EXPECT_EQ(ids("?kind=DELETE").size(), 1u);
}

TEST_F(History, PagesByCursor) {
  std::vector<std::string> pushed;
  for (int i = 0; i < 5; ++i) pushed.insert(pushed.begin(), pool().create_job(csv_job("DELTA", "t")));
  std::vector<std::string> seen;
  std::string cursor;
  for (int pages = 0; pages < 5; ++pages) {
    const auto page = get("?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const auto& job : page.at("jobs").as_array()) seen.emplace_back(job.at("id").as_string());
    if (page.at("next").is_null()) break;
    cursor = std::string(page.at("next").as_string());
    pool().create_job(csv_job("DELTA", "newer"));
  }
  EXPECT_EQ(seen, pushed);
}

TEST_F(History, FiltersAreReadOrRefused) {
  const auto done = push("t", "id\n1\n");
  const auto failed = push("u", "id,name\n1\n");
  EXPECT_EQ(ids("?status=ERROR"), std::vector{failed});
  EXPECT_EQ(ids("?targetName=T&type=REPLACE"), std::vector{done});
  EXPECT_EQ(ids("?deleted=false").size(), 2u);
  EXPECT_EQ(ids("?from=2020-01-01").size(), 2u);
  EXPECT_EQ(ids("?to=2020-01-01T00:00:00Z").size(), 0u);
  const auto created = std::to_string(field(get("/" + failed), "creationDate").as_int64());
  EXPECT_EQ(ids("?from=" + created), std::vector{failed});
  EXPECT_EQ(ids("?to=" + created), std::vector{done});
  for (const std::string wrong : {"status=x", "type=x", "kind=x", "deleted=1", "from=x", "to=x", "limit=0",
                                  "limit=1001", "cursor=x", "cursor=1-", "offset=1"}) {
    SCOPED_TRACE(wrong);
    expect_field_error(pool().http().get(path("?" + wrong)), wrong.substr(0, wrong.find('=')));
  }
}

TEST_F(History, ShowsNothingOfOtherPools) {
  const auto id = push("t", "id\n1\n");
  PoolClient other(server());
  EXPECT_EQ(other.http().get("/adit/api/v1/pools/" + other.pool() + "/history/" + id).status, 404);
  EXPECT_EQ(other.http().get("/adit/api/v1/pools/" + other.pool() + "/history").json().at("jobs"),
            json::array{});
  expect_error_body(pool().http().get(path("/no-id")), 404);
  expect_error_body(pool().http().get(path("/" + pool().pool())), 404);
}

}  // namespace
}  // namespace adit::test
