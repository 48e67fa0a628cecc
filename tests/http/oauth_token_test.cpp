// OAuth's token endpoint as clients use it, and what its tokens open.
#include "support/callers.h"
#include "support/oauth.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

const std::string kToken = "/oauth2/token";
const std::string kClients = "/adit/api/v1/oauth/clients";
const std::string kPush = "integration.data-pools:data_push";
const std::string kRead = "integration.data-pools:read";

void expect_oauth_error(const HttpResponse& response, int status, const std::string& error) {
  ASSERT_EQ(response.status, status) << response.body;
  EXPECT_EQ(field(response.json(), "error"), json::string(error)) << response.body;
  EXPECT_FALSE(field(response.json(), "error_description").is_null());
  EXPECT_EQ(response.header("cache-control"), "no-store");
  EXPECT_EQ(response.header("www-authenticate").has_value(), status == 401);
}

class OauthTokenRoute : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    callers_ = std::make_unique<Callers>(server().http());
    client_ = make_client(pool().http(), {{"name", "Loader"}, {"scopes", {kPush, kRead}}});
    callers_->grant({"applications", client_.application}, "DATA_PUSH_API", pool().pool());
  }
  HttpResponse ask(const Fields& fields, const std::string& authorization = "",
                   const std::string& target = kToken) {
    auto http = server().http();
    return post_form(http, target, fields, authorization);
  }
  std::string token(const std::string& scope = kPush) {
    const auto response = ask({{"grant_type", "client_credentials"}, {"scope", scope}}, client_.basic());
    EXPECT_EQ(response.status, 200) << response.body;
    return std::string(response.json().at("access_token").as_string());
  }
  Http as(const std::string& token) {
    auto http = server().http();
    http.set_authorization("Bearer " + token);
    return http;
  }
  HttpResponse jobs_as(const std::string& token) { return as(token).get(pool().jobs_path()); }
  static void expect_token(const HttpResponse& response, const std::string& scope) {
    ASSERT_EQ(response.status, 200) << response.body;
    const auto body = response.json().as_object();
    EXPECT_EQ(body.at("token_type"), "Bearer");
    EXPECT_EQ(body.at("expires_in"), 899);
    EXPECT_EQ(body.at("scope"), json::string(scope));
    EXPECT_FALSE(body.contains("refresh_token"));
    EXPECT_EQ(response.header("cache-control"), "no-store");
  }
  static void expect_invalid_token(const HttpResponse& response) {
    ASSERT_EQ(response.status, 401) << response.body;
    EXPECT_EQ(response.header("www-authenticate")
                  .value_or("")
                  .find("Bearer realm=\"adit\", error=\"invalid_token\""),
              0U);
  }

  OauthClientData client_;
  std::unique_ptr<Callers> callers_;
};

TEST_F(OauthTokenRoute, AClientPushesWithItsToken) {
  PoolClient theirs(as(token()), pool().pool());
  const auto job = theirs.create_job(csv_job("REPLACE", "t"));
  theirs.upload(job, "id\n1\n");
  theirs.execute(job);
  EXPECT_EQ(theirs.wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT id FROM t"), "1");
  const auto me = as(token()).get("/adit/api/v1/me");
  EXPECT_EQ(field(me.json(), "clientId"), json::string(client_.id));
  EXPECT_EQ(field(me.json(), "id"), json::string(client_.application));
}

TEST_F(OauthTokenRoute, TakesItsParametersAsClientsSendThem) {
  const Fields grant{{"grant_type", "client_credentials"}, {"scope", kPush}};
  const Fields secret{{"client_id", client_.id}, {"client_secret", client_.secret}};
  Fields all = grant;
  all.insert(all.end(), secret.begin(), secret.end());
  expect_token(ask(grant, client_.basic()), kPush);
  expect_token(ask(all), kPush);
  expect_token(ask({}, client_.basic(), kToken + "?" + form_encode(grant)), kPush);
  expect_token(ask(secret, "", kToken + "?" + form_encode(grant)), kPush);
  auto http = server().http();
  http.set_authorization(std::nullopt);
  std::string multipart;
  for (const auto& [name, value] : all) {
    multipart += "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  }
  expect_token(
      http.send(
          {"POST", kToken, {{"Content-Type", "multipart/form-data; boundary=b"}}, multipart + "--b--\r\n"}),
      kPush);
  expect_token(ask({{"grant_type", "client_credentials"}}, client_.basic()), kPush + " " + kRead);
  expect_token(ask({{"grant_type", "client_credentials"}, {"scope", ""}}, client_.basic()),
               kPush + " " + kRead);
  for (const auto* word : {"integration.data-pools:data-push", "integration.data-pools:datapush"}) {
    expect_token(ask({{"grant_type", "client_credentials"}, {"scope", word}}, client_.basic()), kPush);
  }
}

TEST_F(OauthTokenRoute, SaysWhatIsWrongAsRfc6749Does) {
  const Fields grant{{"grant_type", "client_credentials"}};
  const auto basic = client_.basic();
  expect_oauth_error(ask({}, basic), 400, "invalid_request");
  expect_oauth_error(ask({{"grant_type", "password"}}, basic), 400, "unsupported_grant_type");
  expect_oauth_error(ask({{"grant_type", "refresh_token"}}, basic), 400, "unauthorized_client");
  expect_oauth_error(ask({{"grant_type", "client_credentials"}, {"scope", "everything"}}, basic), 400,
                     "invalid_scope");
  expect_oauth_error(ask({{"grant_type", "client_credentials"}, {"scope", "audit.log:read"}}, basic), 400,
                     "invalid_scope");
  expect_oauth_error(ask({{"grant_type", "client_credentials"}, {"grant_type", "client_credentials"}}, basic),
                     400, "invalid_request");
  expect_oauth_error(ask(grant, basic, kToken + "?grant_type=refresh_token"), 400, "invalid_request");
  expect_oauth_error(ask(grant), 401, "invalid_client");
  auto other = client_;
  other.secret = "adit_cs_" + std::string(43, 'x');
  expect_oauth_error(ask(grant, other.basic()), 401, "invalid_client");
  other.id = "7d9c44a8-1111-4222-8333-abcdefabcdef";
  expect_oauth_error(ask(grant, other.basic()), 401, "invalid_client");
  other.id = "nobody";
  expect_oauth_error(ask(grant, other.basic()), 401, "invalid_client");
  expect_oauth_error(ask(grant, "Bearer " + server().admin_key()), 401, "invalid_client");
  expect_oauth_error(ask({{"grant_type", "client_credentials"}, {"client_id", client_.id}}), 401,
                     "invalid_client");
  expect_oauth_error(ask({{"grant_type", "client_credentials"}, {"client_secret", client_.secret}}, basic),
                     400, "invalid_request");
  auto http = server().http();
  http.set_authorization(basic);
  expect_oauth_error(http.post_json(kToken, {{"grant_type", "client_credentials"}}), 400, "invalid_request");
}

TEST_F(OauthTokenRoute, SecretsInTheUrlAreRefused) {
  const Fields all{
      {"grant_type", "client_credentials"}, {"client_id", client_.id}, {"client_secret", client_.secret}};
  expect_oauth_error(ask({}, "", kToken + "?" + form_encode(all)), 400, "invalid_request");
  expect_oauth_error(ask(all, "", kToken + "?client_secret=" + client_.secret), 400, "invalid_request");
  EXPECT_EQ(server().log().find(client_.secret), std::string::npos);
  auto http = server().http();
  http.set_authorization(std::nullopt);
  EXPECT_EQ(http.get(pool().jobs_path() + "?access_token=" + token()).status, 401);
}

TEST_F(OauthTokenRoute, AScopeAndThePermissionAreNeeded) {
  EXPECT_EQ(jobs_as(token(kPush)).status, 200);
  const auto narrow = jobs_as(token(kRead));
  expect_error_body(narrow, 403);
  EXPECT_EQ(narrow.header("www-authenticate")
                .value_or("")
                .find("Bearer realm=\"adit\", error=\"insufficient_scope\", error_description=\""),
            0U);
  const auto tables = "/integration/api/pools/" + pool().pool() + "/tables";
  expect_error_body(as(token(kRead)).get(tables), 403);
  callers_->grant({"applications", client_.application}, "VIEW_DATA_POOL", pool().pool());
  EXPECT_EQ(as(token(kRead)).get(tables).status, 200);
  expect_error_body(as(token(kPush)).get(tables), 403);
  callers_->revoke({"applications", client_.application}, "DATA_PUSH_API", pool().pool());
  const auto forbidden = jobs_as(token(kPush));
  expect_error_body(forbidden, 403);
  EXPECT_FALSE(forbidden.header("www-authenticate").has_value()) << "the scope is there";
  expect_error_body(as(token()).post_json("/adit/api/v1/keys", {{"name", "x"}}), 403);
  expect_error_body(as(token()).get(kClients), 403);
}

TEST_F(OauthTokenRoute, ATokenThatDoesNotHoldIsSaidToBeInvalid) {
  expect_invalid_token(jobs_as("adit_at_" + std::string(43, 'x')));
  auto http = server().http();
  http.set_authorization("AppKey " + token());
  EXPECT_EQ(http.get(pool().jobs_path()).status, 401);
  const auto no_token = http.get(pool().jobs_path()).header("www-authenticate").value_or("");
  EXPECT_EQ(no_token.find("error"), std::string::npos) << "of an AppKey: " << no_token;
  http.set_authorization(std::nullopt);
  const auto nothing = http.get(pool().jobs_path()).header("www-authenticate").value_or("");
  EXPECT_EQ(nothing, "Bearer realm=\"adit\", AppKey realm=\"adit\"");
  // A refresh token is no token for the API; whatever else came as Bearer is none either.
  expect_invalid_token(jobs_as("adit_rt_" + std::string(43, 'x')));
  expect_invalid_token(jobs_as("what \"is\" this?"));
}

TEST_F(OauthTokenRoute, WhatTakesATokenAwayDoesSoAtOnce) {
  const auto one = client_.id;
  auto first = token();
  EXPECT_EQ(jobs_as(first).status, 200);
  EXPECT_EQ(ask({{"token", first}}, client_.basic(), "/oauth2/revoke").status, 200);
  expect_invalid_token(jobs_as(first));
  EXPECT_EQ(ask({{"token", first}}, client_.basic(), "/oauth2/revoke").status, 200)
      << "once more is no error";
  expect_oauth_error(ask({{"token", first}}, "", "/oauth2/revoke"), 401, "invalid_client");
  expect_oauth_error(ask({}, client_.basic(), "/oauth2/revoke"), 400, "invalid_request");

  first = token();
  const auto other = make_client(pool().http(), {{"name", "Other"}, {"scopes", {kPush}}});
  EXPECT_EQ(ask({{"token", first}}, other.basic(), "/oauth2/revoke").status, 200);
  EXPECT_EQ(jobs_as(first).status, 200) << "another client's token stays";
  EXPECT_EQ(pool().http().post(kClients + "/" + one + "/revoke").status, 204);
  expect_invalid_token(jobs_as(first));

  first = token();
  callers_->set_active({"applications", client_.application}, false);
  expect_invalid_token(jobs_as(first));
  expect_oauth_error(ask({{"grant_type", "client_credentials"}}, client_.basic()), 401, "invalid_client");
  callers_->set_active({"applications", client_.application}, true);
  EXPECT_EQ(jobs_as(first).status, 200);
  EXPECT_EQ(pool().http().del(kClients + "/" + one).status, 204);
  expect_invalid_token(jobs_as(first));
}

TEST_F(OauthTokenRoute, TokensOutliveARestart) {
  const auto before = token();
  server().restart();
  EXPECT_EQ(jobs_as(before).status, 200);
}

TEST_F(OauthTokenRoute, ASecretIsReplacedWithAnOverlap) {
  const auto path = kClients + "/" + client_.id + "/secret";
  const auto made = pool().http().post_json(path, {{"overlapSeconds", 3600}});
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.header("cache-control"), "no-store");
  auto next = client_;
  next.secret = made.json().at("secret").as_string();
  const Fields grant{{"grant_type", "client_credentials"}};
  EXPECT_EQ(ask(grant, client_.basic()).status, 200);
  EXPECT_EQ(ask(grant, next.basic()).status, 200);
  EXPECT_EQ(pool().http().post_json(path, {{"overlapSeconds", 0}}).status, 200);
  expect_oauth_error(ask(grant, next.basic()), 401, "invalid_client");
  EXPECT_EQ(server().log().find(next.secret), std::string::npos);
  expect_field_error(pool().http().post_json(path, {{"overlapSeconds", -1}}), "overlapSeconds");
}

TEST_F(OauthTokenRoute, ClientsAreMadeAndChangedByAdministratorsOnly) {
  auto member = server().http();
  member.set_authorization(callers_->user().authorization);
  expect_error_body(member.post_json(kClients, {{"name", "x"}, {"scopes", {kPush}}}), 403);
  expect_error_body(member.get(kClients), 403);
  const auto one = pool().http().get(kClients + "/" + client_.id);
  ASSERT_EQ(one.status, 200);
  EXPECT_EQ(one.body.find("secret\""), std::string::npos);
  EXPECT_EQ(one.body.find(client_.secret), std::string::npos);
  const auto put = [&](const json::object& body) {
    return pool().http().send({"PUT", kClients + "/" + client_.id, {}, json::serialize(body)});
  };
  const auto before = token();
  EXPECT_EQ(put({{"active", false}}).status, 200);
  expect_invalid_token(jobs_as(before));
  EXPECT_EQ(put({{"active", true}, {"scopes", {kRead}}}).status, 200);
  expect_oauth_error(ask({{"grant_type", "client_credentials"}, {"scope", kPush}}, client_.basic()), 400,
                     "invalid_scope");
  expect_field_error(put({{"confidential", false}}), "confidential");
  expect_error_body(pool().http().get(kClients + "/7d9c44a8-1111-4222-8333-abcdefabcdef"), 404);
  for (const auto& [attribute, asked] : std::vector<std::pair<std::string, json::object>>{
           {"name", {{"scopes", {kPush}}}},
           {"scopes", {{"name", "x"}}},
           {"scopes", {{"name", "x"}, {"scopes", {"everything"}}}},
           {"grantTypes", {{"name", "x"}, {"scopes", {kPush}}, {"grantTypes", {"password"}}}},
           {"grantTypes",
            {{"name", "x"},
             {"scopes", {kPush}},
             {"confidential", false},
             {"grantTypes", {"client_credentials"}}}},
           {"redirectUris", {{"name", "x"}, {"scopes", {kPush}}, {"confidential", false}}},
           {"redirectUris", {{"name", "x"}, {"scopes", {kPush}}, {"redirectUris", {"javascript:alert(1)"}}}},
           {"applicationId", {{"name", "x"}, {"scopes", {kPush}}, {"applicationId", "no-uuid"}}}}) {
    SCOPED_TRACE(json::serialize(asked));
    expect_field_error(pool().http().post_json(kClients, asked), attribute);
  }
}

TEST_F(OauthTokenRoute, WhatIsTakenFromAClientIsTakenFromItsTokens) {
  const auto both = token(kPush + " " + kRead);
  EXPECT_EQ(jobs_as(both).status, 200);
  const auto put = [&](const json::array& scopes) {
    const auto body = json::serialize(json::object{{"scopes", scopes}});
    EXPECT_EQ(pool().http().send({"PUT", kClients + "/" + client_.id, {}, body}).status, 200);
  };
  put({kRead});
  expect_error_body(jobs_as(both), 403);
  put({kPush, kRead});
  EXPECT_EQ(jobs_as(both).status, 200);
}

TEST_F(OauthTokenRoute, AClientMayBeAnApplicationThatIsThere) {
  const auto application = callers_->application();
  callers_->grant(application, "DATA_PUSH_API", pool().pool());
  const auto client = make_client(
      pool().http(), {{"name", "Second"}, {"scopes", {kPush}}, {"applicationId", application.id}});
  const auto issued = ask({{"grant_type", "client_credentials"}}, client.basic());
  EXPECT_EQ(jobs_as(std::string(issued.json().at("access_token").as_string())).status, 200);
  EXPECT_EQ(pool().http().del("/adit/api/v1/applications/" + application.id).status, 204);
  expect_oauth_error(ask({{"grant_type", "client_credentials"}}, client.basic()), 401, "invalid_client");
}

class OauthClientGuesses : public OauthTokenRoute {};

TEST_F(OauthClientGuesses, AreSlowedAndAGoodSecretIsTaken) {
  auto guessed = client_;
  guessed.secret = "adit_cs_" + std::string(43, 'g');
  const Fields grant{{"grant_type", "client_credentials"}};
  int guesses = 0;
  auto last = ask(grant, guessed.basic());
  while (last.status == 401 && ++guesses < 1'000) last = ask(grant, guessed.basic());
  ASSERT_EQ(last.status, 429) << last.body;
  EXPECT_GE(guesses, 20);
  EXPECT_EQ(field(last.json(), "error"), "invalid_client");
  EXPECT_GE(std::stoi(last.header("retry-after").value_or("0")), 1);
  EXPECT_EQ(ask({{"token", "x"}}, guessed.basic(), "/oauth2/revoke").status, 429);
  expect_token(ask(grant, client_.basic()), kPush + " " + kRead);
}

TEST_F(OauthTokenRoute, IsFoundByDiscovery) {
  auto http = server().http();
  http.set_authorization(std::nullopt);
  for (const auto* path : {"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}) {
    const auto response = http.get(path);
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(response.header("cache-control"), "no-store");
    const std::string issuer = "http://localhost";  // as the Host says
    EXPECT_EQ(field(response.json(), "issuer"), json::string(issuer));
    EXPECT_EQ(field(response.json(), "token_endpoint"), json::string(issuer + kToken));
    EXPECT_EQ(field(response.json(), "code_challenge_methods_supported"), json::array{"S256"});
  }
  RawConnection connection(server().address());
  connection.send("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: evil.example/\"<x>\r\n\r\n");
  EXPECT_EQ(connection.read_response().status, 400);
}

}  // namespace
}  // namespace adit::test
