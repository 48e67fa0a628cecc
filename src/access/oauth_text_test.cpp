#include "access/oauth_text.h"

#include <gtest/gtest.h>

#include <set>

namespace adit {
namespace {

TEST(OauthText, SecretsSayWhatTheyAre) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(make_secret(SecretKind::kAccessToken));
  EXPECT_EQ(seen.size(), 100U);
  const auto token = *seen.begin();
  EXPECT_EQ(token.size(), 51U);
  EXPECT_TRUE(is_secret(SecretKind::kAccessToken, token));
  EXPECT_FALSE(is_secret(SecretKind::kRefreshToken, token));
  EXPECT_FALSE(is_secret(SecretKind::kAccessToken, token + "x"));
  EXPECT_FALSE(is_secret(SecretKind::kAccessToken, "adit_at_" + std::string(43, ' ')));
}

TEST(OauthText, VerifiesTheExampleOfRfc7636) {
  const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const std::string challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  EXPECT_TRUE(is_challenge(challenge));
  EXPECT_TRUE(verifies(verifier, challenge));
  EXPECT_FALSE(verifies("x" + verifier.substr(1), challenge));
  EXPECT_FALSE(verifies(verifier.substr(1), challenge)) << "too short";
  EXPECT_FALSE(is_challenge(challenge + "="));
  EXPECT_FALSE(verifies(challenge, challenge)) << "that would be plain";
}

TEST(OauthText, RedirectUrisAreHttpsOrLoopbackOrPrivate) {
  for (const auto* uri :
       {"https://a.example/cb", "https://a.example:8443/cb?x=1", "https://a.example", "http://127.0.0.1/cb",
        "http://127.0.0.1:3000", "http://[::1]:3000/cb", "http://localhost:3000/cb"}) {
    EXPECT_EQ(wrong_with_redirect_uri(uri, true), "") << uri;
  }
  EXPECT_EQ(wrong_with_redirect_uri("com.example.app:/cb", false), "");
  for (const auto* uri : {"",
                          "a.example/cb",
                          "//a.example",
                          "http://a.example/cb",
                          "https://",
                          "https:///cb",
                          "https://a.example/#x",
                          "https://u@a.example/",
                          "http://127.0.0.1.evil.example/",
                          "http://127.0.0.1@evil.example/",
                          "http://localhost.evil.example",
                          "http://127.0.0.1:80:81/",
                          "http://127.0.0.1:x/",
                          "javascript:alert(1)",
                          "data:text/html,x",
                          "ftp://a.example/",
                          "https://a.example/\"x",
                          "https://a.example\\@b.example/",
                          "https://a b/",
                          "https://a.example/\r\nX: y",
                          "com.example.app"}) {
    EXPECT_NE(wrong_with_redirect_uri(uri, false), "") << uri;
  }
  EXPECT_NE(wrong_with_redirect_uri("com.example.app:/cb", true), "") << "a confidential client has a server";
}

TEST(OauthText, RedirectUrisAreComparedToTheLetter) {
  OauthClient client;
  client.redirect_uris = {"https://a.example/cb", "http://127.0.0.1/cb", "http://localhost/cb"};
  client.confidential = false;
  EXPECT_TRUE(is_redirect_uri_of(client, "https://a.example/cb"));
  for (const auto* uri : {"https://a.example/cb/", "https://a.example/CB", "https://a.example/cb?x=1",
                          "https://a.example:443/cb", "https://a.example/", "https://a.example/cb/../x",
                          "https://a.example.evil.example/cb", "http://127.0.0.1:80@evil.example/cb",
                          "http://127.0.0.1:9/other", "http://[::1]:9/cb", "http://localhost:9/cb", ""}) {
    EXPECT_FALSE(is_redirect_uri_of(client, uri)) << uri;
  }
  EXPECT_TRUE(is_redirect_uri_of(client, "http://127.0.0.1:49152/cb"));
  client.confidential = true;
  EXPECT_FALSE(is_redirect_uri_of(client, "http://127.0.0.1:49152/cb"));
}

TEST(OauthText, ScopesComeInTheirSpellings) {
  const ScopeSet push{Scope::kDataPush};
  for (const auto* word : {"integration.data-pools:data_push", "integration.data-pools:data-push",
                           "integration.data-pools:datapush"}) {
    EXPECT_EQ(*parse_scopes(word), push) << word;
  }
  EXPECT_EQ(*parse_scopes(" audit.log:read  integration.data-pools:datapush "),
            (ScopeSet{Scope::kDataPush, Scope::kAuditLogRead}));
  EXPECT_EQ(*parse_scopes(""), ScopeSet());
  const auto wrong = parse_scopes("audit.log:read no\"such\\<scope>\x01");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().public_message, "There is no scope no?such?<scope>?.");
}

TEST(OauthText, EncodesForQueries) {
  EXPECT_EQ(percent_encode("a-z_~.9 &=+/\xc3\xa4"), "a-z_~.9%20%26%3D%2B%2F%C3%A4");
}

}  // namespace
}  // namespace adit
