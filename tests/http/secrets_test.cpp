// No key, token, secret or password stands in a log, an error, a metric or the catalog, whatever was asked.
#include <fstream>
#include <string>
#include <vector>

#include "support/callers.h"
#include "support/oauth.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

const std::string kApi = "/adit/api/v1";
const std::string kKeys = kApi + "/keys";
const std::string kUri = "https://client.example/cb";

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string from_base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = bits << 6 | static_cast<unsigned>(kDigits.find(c));
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 0xff);
  }
  return bytes;
}

/// Everything that stands somewhere after a run: answers with errors, metrics, the log, the data folder.
class Secrets : public ::testing::Test {
 protected:
  void SetUp() override { server_.start(); }

  void keep(std::string secret) {
    ASSERT_GE(secret.size(), 8U);
    secrets_.push_back(std::move(secret));
  }
  std::string kept(const HttpResponse& answer, const char* name) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::string text(field(answer.json(), name).as_string());
    keep(text);
    return text;
  }
  /// The text of a key, and the secret within.
  void keep_key(const std::string& text) {
    keep(text);
    const auto plain = from_base64(text);
    keep(plain.substr(plain.find(':') + 1));
  }
  std::string kept_key(const HttpResponse& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::string text(field(answer.json(), "key").as_string());
    keep_key(text);
    return text;
  }
  HttpResponse noted(HttpResponse response) {
    if (response.status >= 400) said_ += response.body + "\n";
    return response;
  }
  Http as(const std::string& authorization) {
    auto http = server_.http();
    http.set_authorization(authorization);
    return http;
  }
  static HttpResponse put(Http& http, const std::string& target, const json::object& body) {
    return http.send({"PUT", target, {{"Content-Type", "application/json"}}, json::serialize(body)});
  }

  void use_keys();
  void use_passwords();
  void use_oauth();
  void use_the_code(const OauthClientData& client, const std::string& location, const std::string& verifier);
  void send_them_where_they_do_not_belong();

  void search(const std::string& place, const std::string& content) {
    for (const auto& secret : secrets_) {
      EXPECT_EQ(content.find(secret), std::string::npos) << "a secret stands in " << place << ": " << secret;
    }
  }

  Server server_{{.flags = {"--log-level", "debug"}}};
  std::vector<std::string> secrets_;
  std::string said_;
};

void Secrets::use_keys() {
  auto http = server_.http();
  const auto made = http.post_json(kKeys, {{"name", "k"}, {"kind", "APPLICATION"}});
  const auto key = kept_key(made);
  const auto id = std::string(field(made.json(), "id").as_string());
  kept_key(http.post_json(kKeys + "/" + id + "/rotate", json::object{}));
  const auto imported = base64("3b7f6e6e-6f0f-4c1c-9a53-0123456789ab:" + std::string(43, 'Z') + "=");
  keep_key(imported);
  EXPECT_EQ(http.post_json(kKeys, {{"name", "i"}, {"key", imported}}).status, 200);
  EXPECT_EQ(noted(http.post_json(kKeys, {{"name", "i"}, {"key", imported}})).status, 409);
  EXPECT_EQ(noted(http.post_json(kKeys, {{"name", "i"}, {"key", key + "x"}})).status, 400);
  for (const auto& text :
       {"Bearer " + key, "AppKey " + imported, "Bearer " + key + "x", "Basic " + imported, key}) {
    EXPECT_EQ(noted(as(text).get("/api/cloud")).status, 401);
  }
  EXPECT_EQ(noted(as("AppKey " + key).get(kApi + "/users")).status, 403);
  EXPECT_EQ(http.del(kKeys + "/" + id).status, 204);
  EXPECT_EQ(noted(as("AppKey " + key).get("/api/cloud")).status, 401);
}

void Secrets::use_passwords() {
  auto http = server_.http();
  const auto user = http.post_json(kApi + "/users", {{"name", "u"}, {"email", "u@example.com"}});
  kept(user, "oneTimePassword");
  const auto path = kApi + "/users/" + std::string(field(user.json(), "id").as_string());
  const auto one_time = kept(http.post(path + "/reset-password"), "oneTimePassword");
  auto theirs = as("Bearer " + kept_key(http.post_json(kKeys, {{"name", "k"}, {"userId", path.substr(19)}})));
  keep("not-the-password-of-anybody");
  keep("the-next-password-of-somebody");
  const auto change = [&](const std::string& current) {
    return noted(put(theirs, kApi + "/me/password",
                     {{"currentPassword", current}, {"password", "the-next-password-of-somebody"}}));
  };
  EXPECT_EQ(change("not-the-password-of-anybody").status, 400);
  EXPECT_EQ(change(one_time).status, 204);
}

void Secrets::use_oauth() {
  auto http = server_.http();
  const auto client =
      make_client(http, {{"name", "Web"},
                         {"scopes", {"integration.data-pools"}},
                         {"grantTypes", {"client_credentials", "authorization_code", "refresh_token"}},
                         {"redirectUris", {kUri}}});
  keep(client.secret);
  const auto token =
      kept(post_form(http, "/oauth2/token", {{"grant_type", "client_credentials"}}, client.basic()),
           "access_token");
  auto as_client = as("Bearer " + token);
  EXPECT_EQ(as_client.get(kApi + "/me").status, 200);
  EXPECT_EQ(noted(as_client.get(kApi + "/users")).status, 403);
  EXPECT_EQ(noted(as("AppKey " + token).get(kApi + "/me")).status, 401);

  const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  keep(verifier);
  const auto link = "/oauth2/authorize?" + form_encode({{"response_type", "code"},
                                                        {"client_id", client.id},
                                                        {"redirect_uri", kUri},
                                                        {"code_challenge", challenge_of(verifier)},
                                                        {"code_challenge_method", "S256"}});
  Browser browser(server_.http());
  noted(browser.log_in(link, "u@example.com", "not-the-password-of-anybody"));
  EXPECT_EQ(browser.log_in(link, "u@example.com", "the-next-password-of-somebody").status, 303);
  keep(browser.cookie.substr(browser.cookie.find('=') + 1));
  browser.get(link);
  use_the_code(client, browser.submit({{"action", "allow"}}).header("location").value_or(""), verifier);

  EXPECT_EQ(post_form(http, "/oauth2/revoke", {{"token", token}}, client.basic()).status, 200);
  EXPECT_EQ(noted(as_client.get(kApi + "/me")).status, 401);
  auto administrator = server_.http();
  auto next = client;
  next.secret =
      kept(administrator.post_json(kApi + "/oauth/clients/" + client.id + "/secret", {{"overlapSeconds", 0}}),
           "secret");
  EXPECT_EQ(
      noted(post_form(http, "/oauth2/token", {{"grant_type", "client_credentials"}}, client.basic())).status,
      401);
  EXPECT_EQ(noted(post_form(http, "/oauth2/token", {{"grant_type", "nonsense"}}, next.basic())).status, 400);
}

void Secrets::use_the_code(const OauthClientData& client, const std::string& location,
                           const std::string& verifier) {
  auto http = server_.http();
  const auto code = query_value(location, "code");
  keep(code);
  const Fields exchange{{"grant_type", "authorization_code"},
                        {"code", code},
                        {"redirect_uri", kUri},
                        {"code_verifier", verifier}};
  auto wrong = exchange;
  wrong.back().second = std::string(43, 'w');
  EXPECT_EQ(noted(post_form(http, "/oauth2/token", wrong, client.basic())).status, 400);
  const auto issued = post_form(http, "/oauth2/token", exchange, client.basic());
  const auto token = kept(issued, "access_token");
  const auto refresh = kept(issued, "refresh_token");
  const Fields again{{"grant_type", "refresh_token"}, {"refresh_token", refresh}};
  const auto refreshed = post_form(http, "/oauth2/token", again, client.basic());
  kept(refreshed, "access_token");
  kept(refreshed, "refresh_token");
  EXPECT_EQ(as("Bearer " + token).get(kApi + "/me").status, 200);
  // A second use ends all that came of it, which the log tells.
  EXPECT_EQ(noted(post_form(http, "/oauth2/token", again, client.basic())).status, 400);
  EXPECT_EQ(noted(post_form(http, "/oauth2/token", exchange, client.basic())).status, 400);
  EXPECT_EQ(noted(as("Bearer " + token).get(kApi + "/me")).status, 401);
}

/// In URLs, in bodies, in place of ids, in heads that are none.
void Secrets::send_them_where_they_do_not_belong() {
  auto http = server_.http();
  for (const auto& secret : std::vector<std::string>(secrets_)) {
    const auto encoded = form_encode({{"", secret}}).substr(1);
    noted(http.get("/integration/api/pools?key=" + encoded + "&access_token=" + encoded));
    noted(http.post_json("/integration/api/pools", {{"id", secret}, {"name", "x"}}));
    auto anybody = server_.http();
    anybody.set_authorization(std::nullopt);
    noted(anybody.post("/oauth2/token?grant_type=client_credentials&client_secret=" + encoded));
    noted(post_form(anybody, "/oauth2/revoke", {{"token", secret}, {"client_id", secret}}));
    RawConnection connection(server_.address());
    connection.send("GET / HTTP/1.1\r\nHost: x\r\nAuthorization " + secret + "\r\n\r\n");
    noted(connection.read_response());
  }
  // `adit key delete KEY`, with the key where its id should be: the answer shows it to who sent it, nobody
  // else.
  for (const auto& secret : secrets_) {
    if (secret.size() > 48) {
      EXPECT_GE(http.del(kKeys + "/" + form_encode({{"", secret}}).substr(1)).status, 400);
    }
  }
}

TEST_F(Secrets, StandNowhereAfterAFullRun) {
  keep_key(server_.admin_key());
  const auto password = content_of(server_.data() / "admin.password");
  keep(password.substr(0, password.find('\n')));
  use_keys();
  use_passwords();
  use_oauth();
  PoolClient pool(server_);
  pool.push_done(csv_job("DELTA", "t"), {"a\n1\n"});
  ASSERT_GE(secrets_.size(), 20U);
  send_them_where_they_do_not_belong();
  auto http = server_.http();
  said_ += http.get("/metrics").body + http.get(kApi + "/audit?limit=1000").body + http.get(kKeys).body +
           http.get(kApi + "/users").body + http.get(kApi + "/oauth/clients").body;
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));

  EXPECT_NE(content_of(server_.data() / "admin.key").find(secrets_.front()), std::string::npos)
      << "where it stands, it is found";
  search("what the server answered", said_);
  search("its log", content_of(server_.log_path()));
  for (const auto& file : std::filesystem::directory_iterator(server_.data())) {
    if (file.path().filename().string().starts_with("catalog"))
      search(file.path().filename(), content_of(file.path()));
  }
  EXPECT_NE(content_of(server_.log_path()).find("came again"), std::string::npos)
      << "the log is the right one";
  ASSERT_GT(content_of(server_.data() / "catalog.db").size(), 10'000U);
  EXPECT_NE(content_of(server_.data() / "catalog.db").find("createKey"), std::string::npos);
}

}  // namespace
}  // namespace adit::test
