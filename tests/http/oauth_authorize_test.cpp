// OAuth's authorization endpoint as browsers see it, and the codes and refresh tokens that come of it.
#include <chrono>
#include <thread>

#include "support/callers.h"
#include "support/guesses.h"
#include "support/oauth.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

const std::string kUri = "https://client.example/cb";
const std::string kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const std::string kRead = "integration.data-pools:read";
const std::string kPassword = "correct horse battery staple";

class OauthAuthorization : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    callers_ = std::make_unique<Callers>(server().http());
    desktop_ = make_client(pool().http(), {{"name", "<b>Desk\"top</b>"},
                                           {"confidential", false},
                                           {"scopes", {kRead}},
                                           {"redirectUris", {kUri, "http://127.0.0.1/cb", kUri + "?a=1"}}});
    user_ = callers_->user();
    callers_->grant(user_, "VIEW_DATA_POOL", pool().pool());
    email_ = callers_->choose_password(user_, kPassword);
  }
  Http as(const std::string& authorization) {
    auto http = server().http();
    http.set_authorization(authorization);
    return http;
  }
  Fields asked() const {
    return {{"response_type", "code"},
            {"client_id", desktop_.id},
            {"redirect_uri", kUri},
            {"scope", kRead},
            {"state", "s t&a=te"},
            {"code_challenge", challenge_of(kVerifier)},
            {"code_challenge_method", "S256"}};
  }
  /// The request with one parameter changed; without it for an empty value.
  std::string link(const std::string& name = "", const std::string& value = "") const {
    auto fields = asked();
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    if (!value.empty()) fields.emplace_back(name, value);
    return "/oauth2/authorize?" + form_encode(fields);
  }
  Browser browser() { return Browser(server().http()); }
  Browser logged_in() {
    auto browser = this->browser();
    EXPECT_EQ(browser.log_in(link(), email_, kPassword).status, 303) << browser.page;
    return browser;
  }
  static std::string location(const HttpResponse& response) {
    EXPECT_EQ(response.status, 303) << response.body;
    return response.header("location").value_or("");
  }
  std::string code(Browser& browser, const std::string& target) {
    EXPECT_EQ(browser.get(target).status, 200) << browser.page;
    return query_value(location(browser.submit({{"action", "allow"}})), "code");
  }
  HttpResponse exchange(const std::string& code, Fields more = {}) {
    Fields fields{{"grant_type", "authorization_code"}, {"code", code}, {"client_id", desktop_.id}};
    if (more.empty()) more = {{"redirect_uri", kUri}, {"code_verifier", kVerifier}};
    fields.insert(fields.end(), more.begin(), more.end());
    auto http = server().http();
    return post_form(http, "/oauth2/token", fields);
  }
  HttpResponse refresh(const std::string& token) {
    auto http = server().http();
    return post_form(http, "/oauth2/token",
                     {{"grant_type", "refresh_token"}, {"refresh_token", token}, {"client_id", desktop_.id}});
  }
  static std::string text(const HttpResponse& response, const char* name) {
    EXPECT_EQ(response.status, 200) << response.body;
    return std::string(response.json().at(name).as_string());
  }
  int tables_as(const std::string& token) {
    return as("Bearer " + token).get("/integration/api/pools/" + pool().pool() + "/tables").status;
  }
  static void expect_page(const HttpResponse& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_FALSE(response.header("location").has_value());
    EXPECT_EQ(response.header("content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(response.header("cache-control"), "no-store");
    EXPECT_EQ(response.header("x-frame-options"), "DENY");
    const auto policy = response.header("content-security-policy").value_or("");
    EXPECT_EQ(policy.find("default-src 'none'"), 0U);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(response.body.find("<script"), std::string::npos);
  }

  OauthClientData desktop_;
  Caller user_;
  std::string email_;
  std::unique_ptr<Callers> callers_;
};

TEST_F(OauthAuthorization, AUserAllowsAClientAndItActsForThem) {
  auto browser = this->browser();
  const auto login = browser.get(link());
  expect_page(login, 200);
  const auto cookie = login.header("set-cookie").value_or("");
  EXPECT_NE(cookie.find("HttpOnly; SameSite=Lax"), std::string::npos) << cookie;
  const auto back = browser.submit({{"action", "log_in"}, {"email", email_}, {"password", kPassword}});
  EXPECT_NE(browser.cookie, cookie.substr(0, cookie.find(';')))
      << "a session of before the log-in is not kept";
  const auto page = browser.get(location(back));
  expect_page(page, 200);
  EXPECT_NE(page.body.find("read the tables"), std::string::npos);
  EXPECT_NE(page.body.find(email_), std::string::npos);
  EXPECT_NE(page.body.find("&lt;b&gt;Desk&quot;top&lt;/b&gt;"), std::string::npos);
  EXPECT_EQ(page.body.find("<b>Desk"), std::string::npos);
  const auto to = location(browser.submit({{"action", "allow"}}));
  EXPECT_EQ(to.find(kUri + "?"), 0U) << to;
  EXPECT_EQ(query_value(to, "state"), "s t&a=te");
  EXPECT_EQ(query_value(to, "iss"), "http://localhost") << "what the Host says";
  const auto issued = exchange(query_value(to, "code"));
  EXPECT_EQ(text(issued, "scope"), kRead);
  const auto token = text(issued, "access_token");
  EXPECT_EQ(tables_as(token), 200);
  EXPECT_EQ(as("Bearer " + token).get(pool().jobs_path()).status, 403) << "the scope is not there";
  callers_->revoke(user_, "VIEW_DATA_POOL", pool().pool());
  EXPECT_EQ(tables_as(token), 403) << "the permission is not there";
  callers_->set_active(user_, false);
  EXPECT_EQ(tables_as(token), 401);
  EXPECT_EQ(refresh(text(issued, "refresh_token")).status, 400);
}

TEST_F(OauthAuthorization, ACodeWorksOnceAndForItsRequestOnly) {
  auto browser = logged_in();
  auto text_of_code = code(browser, link());
  const auto refused = [&](const Fields& more) {
    const auto response = exchange(text_of_code, more);
    EXPECT_EQ(response.status, 400);
    return std::string(response.json().at("error").as_string());
  };
  EXPECT_EQ(refused({{"redirect_uri", kUri}, {"code_verifier", std::string(43, 'x')}}), "invalid_grant");
  EXPECT_EQ(refused({{"redirect_uri", kUri}}), "invalid_request");
  EXPECT_EQ(refused({{"redirect_uri", kUri + "?a=1"}, {"code_verifier", kVerifier}}), "invalid_grant");
  EXPECT_EQ(refused({{"code_verifier", kVerifier}}), "invalid_request");
  const auto token = text(exchange(text_of_code), "access_token");
  EXPECT_EQ(tables_as(token), 200);
  EXPECT_EQ(refused({}), "invalid_grant");
  EXPECT_EQ(tables_as(token), 401) << "what came of the code is revoked";
}

TEST_F(OauthAuthorization, ARefreshTokenThatComesAgainEndsItsFamily) {
  auto browser = logged_in();
  const auto first = exchange(code(browser, link()));
  const auto second = refresh(text(first, "refresh_token"));
  EXPECT_EQ(tables_as(text(second, "access_token")), 200);
  EXPECT_NE(text(second, "refresh_token"), text(first, "refresh_token"));
  EXPECT_EQ(field(refresh(text(first, "refresh_token")).json(), "error"), "invalid_grant");
  EXPECT_EQ(tables_as(text(second, "access_token")), 401);
  EXPECT_EQ(refresh(text(second, "refresh_token")).status, 400);
}

TEST_F(OauthAuthorization, UsersSeeAndTakeBackWhatTheyAllowed) {
  auto browser = logged_in();
  const auto issued = exchange(code(browser, link()));
  auto http = as(user_.authorization);
  const auto consents = http.get("/adit/api/v1/me/consents").array();
  ASSERT_EQ(consents.size(), 1U);
  EXPECT_EQ(field(consents[0], "clientId"), json::string(desktop_.id));
  EXPECT_EQ(field(consents[0], "scopes"), json::array{kRead});
  const auto path = "/adit/api/v1/me/consents/" + std::string(consents[0].at("id").as_string());
  expect_error_body(as(callers_->user().authorization).del(path), 404);
  EXPECT_EQ(as("Bearer " + text(issued, "access_token")).del(path).status, 403) << "no token does this";
  EXPECT_EQ(http.del(path).status, 204);
  EXPECT_EQ(tables_as(text(issued, "access_token")), 401);
  EXPECT_EQ(refresh(text(issued, "refresh_token")).status, 400);
}

TEST_F(OauthAuthorization, NothingIsSentToAUriThatIsNotRegistered) {
  auto browser = this->browser();
  for (const auto* uri :
       {"https://evil.example/cb", "https://client.example/cb/", "https://client.example.evil.example/cb",
        "https://client.example/cb?b=2", "https://client.example@evil.example/cb", "//evil.example",
        "javascript:alert(1)", "http://127.0.0.1.evil.example/cb", "http://localhost/cb",
        "https://client.example/cb\r\nSet-Cookie: a=b"}) {
    SCOPED_TRACE(uri);
    expect_page(browser.get(link("redirect_uri", uri)), 400);
  }
  expect_page(browser.get(link("redirect_uri")), 400);
  expect_page(browser.get(link("client_id")), 400);
  expect_page(browser.get(link("client_id", "7d9c44a8-1111-4222-8333-abcdefabcdef")), 400);
  expect_page(browser.get(link() + "&redirect_uri=https%3A%2F%2Fevil.example"), 400);
  const auto page = browser.get(link("client_id", "<script>alert(1)</script>"));
  expect_page(page, 400);
  expect_page(browser.get(link("redirect_uri", "http://127.0.0.1:49152/cb")), 200);
}

TEST_F(OauthAuthorization, OtherMistakesGoBackToTheClient) {
  auto browser = this->browser();
  const auto error = [&](const std::string& name, const std::string& value) {
    const auto to = location(browser.get(link(name, value)));
    EXPECT_EQ(to.find(kUri + "?error="), 0U) << to;
    EXPECT_EQ(query_value(to, "state"), "s t&a=te");
    EXPECT_FALSE(query_value(to, "error_description").empty());
    return query_value(to, "error");
  };
  EXPECT_EQ(error("response_type", "token"), "unsupported_response_type");
  EXPECT_EQ(error("response_type", ""), "invalid_request");
  EXPECT_EQ(error("scope", "audit.log:read"), "invalid_scope");
  EXPECT_EQ(error("scope", "<script>"), "invalid_scope");
  EXPECT_EQ(error("code_challenge", ""), "invalid_request");
  EXPECT_EQ(error("code_challenge", "short"), "invalid_request");
  EXPECT_EQ(error("code_challenge_method", "plain"), "invalid_request");
  EXPECT_EQ(error("code_challenge_method", ""), "invalid_request");
  auto signed_in = logged_in();
  signed_in.get(link("redirect_uri", kUri + "?a=1"));
  const auto to = location(signed_in.submit({{"action", "deny"}}));
  EXPECT_EQ(to.find(kUri + "?a=1&error=access_denied&"), 0U) << to;
}

TEST_F(OauthAuthorization, StateIsTextWhereverItStands) {
  auto browser = logged_in();
  const std::string state = "\"><script>alert(1)</script>\r\nX: y";
  expect_page(browser.get(link("state", state)), 200);
  const auto to = location(browser.submit({{"action", "allow"}}));
  EXPECT_EQ(query_value(to, "state"), state);
  EXPECT_EQ(to.find('<'), std::string::npos);
}

TEST_F(OauthAuthorization, AFormOfAnotherSiteDoesNothing) {
  auto browser = logged_in();
  browser.get(link());
  expect_page(browser.submit_without_token(link(), {{"action", "allow"}}), 403);
  expect_page(
      browser.submit_without_token(link(), {{"action", "allow"}, {"form_token", std::string(43, 'x')}}), 403);
  auto stranger = this->browser();
  stranger.get(link());
  const auto theirs = stranger.page;
  browser.page = theirs;
  expect_page(browser.submit({{"action", "allow"}}), 403);
  expect_page(stranger.submit({{"action", "allow"}}), 403);
  EXPECT_NE(stranger.page.find("Log in again"), std::string::npos);
  auto fresh = this->browser();
  expect_page(
      fresh.submit_without_token(link(), {{"action", "log_in"}, {"email", email_}, {"password", kPassword}}),
      403);
  EXPECT_TRUE(as(user_.authorization).get("/adit/api/v1/me/consents").array().empty());
}

TEST_F(OauthAuthorization, AWrongPasswordIsNotToldFromAnUnknownUser) {
  auto browser = this->browser();
  const auto wrong = browser.log_in(link(), email_, "not the password");
  expect_page(wrong, 403);
  auto other = this->browser();
  const auto unknown = other.log_in(link(), "nobody@example.org", kPassword);
  expect_page(unknown, 403);
  const auto message = "The e-mail address or the password is wrong.";
  EXPECT_NE(wrong.body.find(message), std::string::npos);
  EXPECT_NE(unknown.body.find(message), std::string::npos);
  EXPECT_NE(wrong.body.find("value=\"" + email_ + "\""), std::string::npos)
      << "only the password is asked again";
  EXPECT_EQ(wrong.body.find("not the password"), std::string::npos);
  const auto marked = this->browser().log_in(link(), "\"><script>", kPassword);
  EXPECT_NE(marked.body.find("value=\"&quot;&gt;&lt;script&gt;\""), std::string::npos) << marked.body;
  EXPECT_EQ(server().log().find("not the password"), std::string::npos);
  callers_->reset_password(user_);
  expect_page(browser.log_in(link(), email_, kPassword), 403);
}

/// With a server of its own: all tests come from one address.
class OauthGuesses : public OauthAuthorization {};

TEST_F(OauthGuesses, AreSlowedByAccountAndAddress) {
  auto browser = this->browser();
  HttpResponse last;
  int guesses = 0;
  do {
    last = browser.log_in(link(), "guessed@example.org", "guess " + std::to_string(guesses));
  } while (last.status == 403 && ++guesses < 100);
  expect_page(last, 429);
  EXPECT_GE(guesses, 20);
  EXPECT_GE(std::stoi(last.header("retry-after").value_or("0")), 1);
  EXPECT_NE(last.body.find("Too many log-ins failed."), std::string::npos) << last.body;
  // One guess a second is let through again; a session that is there goes on.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  int status = 429;
  while (status == 429 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    status = browser.log_in(link(), email_, kPassword).status;
  }
  EXPECT_EQ(status, 303);
}

TEST_F(OauthGuesses, FiftyAtOnceAreNoMoreThanOneAfterAnother) {
  expect_guesses_at_once_are_held(
      [this](const std::string& guess) {
        const auto answer = browser().log_in(link(), email_, guess);
        EXPECT_TRUE(answer.status == 403 || answer.header("retry-after")) << answer.status;
        return answer.status;
      },
      403);
}

TEST_F(OauthAuthorization, ASessionEndsWithThePasswordAndByLoggingOut) {
  auto browser = logged_in();
  browser.get(link());
  EXPECT_NE(browser.page.find("act for you?"), std::string::npos);
  const auto before = browser.cookie;
  browser.get(location(browser.submit({{"action", "log_out"}})));
  EXPECT_NE(browser.page.find("Log in to see"), std::string::npos);
  browser.cookie = before;
  browser.get(link());
  EXPECT_NE(browser.page.find("Log in to see"), std::string::npos)
      << "the session is gone on the server as well";
  auto again = logged_in();
  const auto one_time = callers_->reset_password(user_);
  again.get(link());
  EXPECT_NE(again.page.find("Log in to see"), std::string::npos);
  expect_page(again.log_in(link(), email_, one_time), 409);
}

TEST_F(OauthAuthorization, WhatAUserAllowedEndsWithThePassword) {
  for (const bool own_choice : {false, true}) {
    auto browser = logged_in();
    const auto issued = exchange(code(browser, link()));
    const auto token = text(issued, "access_token");
    EXPECT_EQ(tables_as(token), 200);
    if (own_choice) {
      const json::object body{{"currentPassword", kPassword}, {"password", kPassword + " and another"}};
      const auto chosen =
          as(user_.authorization).send({"PUT", "/adit/api/v1/me/password", {}, json::serialize(body)});
      EXPECT_EQ(chosen.status, 204) << chosen.body;
    } else {
      callers_->reset_password(user_);
    }
    EXPECT_EQ(tables_as(token), 401);
    EXPECT_EQ(refresh(text(issued, "refresh_token")).status, 400);
    EXPECT_EQ(as(user_.authorization).get("/adit/api/v1/me/consents").array().size(), 0U);
    callers_->choose_password(user_, kPassword);
  }
}

TEST_F(OauthAuthorization, OverTlsTheCookieIsForThisHostAndTlsOnly) {
  Browser plain(server().http());
  const auto over_http = plain.log_in(link(), email_, kPassword).header("set-cookie").value_or("");
  EXPECT_TRUE(over_http.starts_with("adit-login=")) << over_http;
  EXPECT_EQ(over_http.find("Secure"), std::string::npos) << "a browser would not send it back";
  Browser secure(Http(server().tls_address(), server().admin_key(), Security::kTls));
  const auto set = secure.log_in(link(), email_, kPassword).header("set-cookie").value_or("");
  EXPECT_TRUE(set.starts_with("__Host-adit-login=")) << set;
  for (const auto* attribute : {"; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/;"}) {
    EXPECT_NE(set.find(attribute), std::string::npos) << set;
  }
  EXPECT_EQ(set.find("Domain"), std::string::npos) << "__Host- forbids it";
  secure.get(link());
  EXPECT_NE(secure.page.find("act for you?"), std::string::npos) << "the session is taken over TLS";
  secure.cookie.erase(0, std::string("__Host-").size());
  secure.get(link());
  EXPECT_NE(secure.page.find("Log in to see"), std::string::npos) << "a plain name is not taken over TLS";
}

TEST_F(OauthAuthorization, AConfidentialClientShowsItsSecretForACode) {
  const auto web = make_client(pool().http(), {{"name", "Web"},
                                               {"scopes", {kRead}},
                                               {"grantTypes", {"authorization_code"}},
                                               {"redirectUris", {kUri}}});
  auto browser = logged_in();
  const auto target = "/oauth2/authorize?" +
                      form_encode({{"response_type", "code"}, {"client_id", web.id}, {"redirect_uri", kUri}});
  const auto one = code(browser, target);
  auto http = server().http();
  const Fields fields{{"grant_type", "authorization_code"}, {"code", one}, {"redirect_uri", kUri}};
  auto without = fields;
  without.emplace_back("client_id", web.id);
  EXPECT_EQ(post_form(http, "/oauth2/token", without).status, 401);
  auto verified = fields;
  verified.emplace_back("code_verifier", kVerifier);
  EXPECT_EQ(post_form(http, "/oauth2/token", verified, web.basic()).status, 400);
  const auto stolen = exchange(one);
  EXPECT_EQ(field(stolen.json(), "error"), "invalid_grant") << "another client's code";
  const auto issued = post_form(http, "/oauth2/token", fields, web.basic());
  EXPECT_EQ(issued.status, 200) << issued.body;
  EXPECT_FALSE(issued.json().as_object().contains("refresh_token"));
}

}  // namespace
}  // namespace adit::test
