// Who is let in, and what everybody else is told.
#include "support/callers.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

class Credentials : public ServerTest {
 protected:
  HttpResponse get_with(std::optional<std::string> authorization) {
    auto http = server().http();
    http.set_authorization(std::move(authorization));
    return http.get(pool().jobs_path());
  }
  static void expect_unauthorized(const HttpResponse& response) {
    ASSERT_EQ(response.status, 401) << response.body;
    EXPECT_EQ(field(response.json(), "error"), "Unauthorized") << response.body;
    EXPECT_TRUE(response.header("www-authenticate").has_value());
  }
  /// Makes a key and returns its text.
  std::string make_key(const std::string& kind) {
    const auto response =
        pool().http().post_json("/adit/api/v1/keys", {{"name", "a test's key"}, {"kind", kind}});
    EXPECT_TRUE(response.status == 200 || response.status == 201) << response.status << " " << response.body;
    if (kind == "APPLICATION") let_application_work(pool().http(), response.json());
    return std::string(field(response.json(), "key").as_string());
  }
};

TEST_F(Credentials, NoHeaderIs401) { expect_unauthorized(get_with(std::nullopt)); }

TEST_F(Credentials, AnotherSchemeIs401) {
  expect_unauthorized(get_with("Basic " + server().admin_key()));
  expect_unauthorized(get_with(server().admin_key()));
  expect_unauthorized(get_with("Bearer"));
  expect_unauthorized(get_with(""));
}

TEST_F(Credentials, WhatIsNoBase64Is401) {
  expect_unauthorized(get_with("Bearer !!!not base64!!!"));
  expect_unauthorized(get_with("Bearer " + base64("no colon in here")));
  expect_unauthorized(get_with("Bearer " + base64("not-a-uuid:" + std::string(44, 'x'))));
}

TEST_F(Credentials, AnUnknownKeyIs401) {
  expect_unauthorized(
      get_with("Bearer " + base64("0b7f6e6e-6f0f-4c1c-9a53-0123456789ab:" + std::string(43, 'A') + "=")));
}

TEST_F(Credentials, AWrongSecretIs401) {
  auto key = server().admin_key();
  // The secret is the end of the text; another character in its middle keeps it base64.
  auto& character = key[key.size() - 20];
  character = character == 'A' ? 'B' : 'A';
  expect_unauthorized(get_with("Bearer " + key));
}

TEST_F(Credentials, AUserKeyIsNoApplicationKey) {
  expect_unauthorized(get_with("AppKey " + server().admin_key()));
}

TEST_F(Credentials, AnApplicationKeyGoesWithAppKeyOnly) {
  const auto key = make_key("APPLICATION");
  EXPECT_EQ(get_with("AppKey " + key).status, 200);
  expect_unauthorized(get_with("Bearer " + key));
}

TEST_F(Credentials, ANewUserKeyWorksUntilItIsDeleted) {
  const auto key = make_key("USER");
  EXPECT_EQ(get_with("Bearer " + key).status, 200);
  const auto listed = pool().http().get("/adit/api/v1/keys");
  ASSERT_EQ(listed.status, 200) << listed.body;
  std::string id;
  for (const auto& entry : listed.array()) {
    EXPECT_TRUE(field(entry, "key").is_null()) << "a key is shown once only";
    if (field(entry, "name") == "a test's key" && field(entry, "kind") == "USER")
      id = entry.at("id").as_string();
  }
  ASSERT_FALSE(id.empty()) << listed.body;
  EXPECT_EQ(listed.body.find(key), std::string::npos);
  EXPECT_EQ(pool().http().del("/adit/api/v1/keys/" + id).status, 204);
  expect_unauthorized(get_with("Bearer " + key));
}

TEST_F(Credentials, SchemeAndHeaderNameComeInAnyCase) {
  const auto key = server().admin_key();
  EXPECT_EQ(get_with("bearer " + key).status, 200);
  EXPECT_EQ(get_with("BEARER " + key).status, 200);
  RawConnection connection(server().address());
  connection.send("GET " + pool().jobs_path() + " HTTP/1.1\r\nhost: x\r\nauthorization: bEaReR " + key +
                  "\r\n\r\n");
  EXPECT_EQ(connection.read_response().status, 200);
}

TEST_F(Credentials, AKeyInTheUrlOrTheBodyIsIgnored) {
  auto http = server().http();
  http.set_authorization(std::nullopt);
  const auto key = server().admin_key();
  expect_unauthorized(
      http.get(pool().jobs_path() + "?key=" + key + "&access_token=" + key + "&Authorization=" + key));
  expect_unauthorized(
      http.post_json(pool().jobs_path(), csv_job("REPLACE", "t", {{"Authorization", "Bearer " + key}})));
}

TEST_F(Credentials, EveryRouteButTheOpenOnesWantsCredentials) {
  auto http = server().http();
  http.set_authorization(std::nullopt);
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  for (const auto& path : {pool().jobs_path(), pool().job_path(job), pool().job_path(job) + "/chunks",
                           std::string("/integration/api/pools"), "/integration/api/pools/" + pool().pool(),
                           "/integration/api/pools/" + pool().pool() + "/tables",
                           std::string("/adit/api/v1/pools"), std::string("/adit/api/v1/keys")}) {
    SCOPED_TRACE(path);
    expect_unauthorized(http.get(path));
  }
  for (const auto& path :
       {pool().jobs_path(), pool().job_path(job), pool().job_path(job) + "/cancel", pool().chunks_path(job),
        pool().job_path(job) + "/chunks/deleted", std::string("/integration/api/pools"),
        "/adit/api/v1/pools/" + pool().pool() + "/query"}) {
    SCOPED_TRACE(path);
    expect_unauthorized(http.post(path));
  }
  expect_unauthorized(http.del(pool().job_path(job)));
  EXPECT_EQ(http.get("/healthz").status, 200);
  EXPECT_EQ(http.get("/readyz").status, 200);
  EXPECT_EQ(pool().status(job), "NEW");
}

TEST_F(Credentials, AnUploadWithoutThemIsRefusedBeforeItsBodyIsRead) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  RawConnection connection(server().address());
  connection.send("POST " + pool().chunks_path(job) +
                  " HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(connection.read_response().status, 401);
}

TEST_F(Credentials, TheKeyOfTheFirstStartIsInAFileForItsOwnerOnly) {
  namespace fs = std::filesystem;
  const auto mode = fs::status(server().data() / "admin.key").permissions() & fs::perms::all;
  EXPECT_EQ(mode, fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(server().log().find(server().admin_key()), std::string::npos) << "the log shows the key";
}

}  // namespace
}  // namespace adit::test
