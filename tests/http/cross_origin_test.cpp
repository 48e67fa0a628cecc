// Web pages of other origins: refused unless a setting lets them in.
#include "support/server_test.h"

namespace adit::test {
namespace {

constexpr const char* kPage = "https://console.example";

HttpResponse preflight(Http& http, const std::string& path, const std::string& origin) {
  return http.send({"OPTIONS",
                    path,
                    {{"Origin", origin},
                     {"Access-Control-Request-Method", "POST"},
                     {"Access-Control-Request-Headers", "authorization,content-type"}}});
}

class CrossOrigin : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({.flags = {"--cors-origins", "http://localhost:5173, https://console.example"}});
  }
};

TEST_F(CrossOrigin, AnAllowedPageMayCall) {
  const auto asked = preflight(pool().http(), pool().jobs_path(), kPage);
  EXPECT_EQ(asked.status, 204);
  EXPECT_EQ(asked.header("access-control-allow-origin"), kPage);
  EXPECT_NE(asked.header("access-control-allow-methods").value_or("").find("POST"), std::string::npos);
  EXPECT_EQ(asked.header("access-control-allow-headers"), "authorization,content-type");
  EXPECT_EQ(asked.header("access-control-allow-credentials"), std::nullopt);
  for (const std::string& path : {pool().jobs_path(), std::string("/nothing")}) {
    const auto response = pool().http().send({"GET", path, {{"Origin", kPage}}});
    EXPECT_EQ(response.header("access-control-allow-origin"), kPage) << path;
    EXPECT_EQ(response.header("vary"), "Origin");
  }
}

TEST_F(CrossOrigin, AnyOtherPageIsNotLetIn) {
  for (const char* origin : {"https://evil.example", "https://console.example.evil.example", "null",
                             "http://console.example", "https://console.example:444"}) {
    EXPECT_EQ(preflight(pool().http(), pool().jobs_path(), origin).header("access-control-allow-origin"),
              std::nullopt);
    const auto response = pool().http().send({"GET", pool().jobs_path(), {{"Origin", origin}}});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("access-control-allow-origin"), std::nullopt) << origin;
  }
}

TEST_F(CrossOrigin, ThePageThatAsksForConsentIsForNoOtherPage) {
  const auto page = pool().http().send({"GET", "/oauth2/authorize", {{"Origin", kPage}}});
  EXPECT_EQ(page.status, 400);
  EXPECT_EQ(page.header("access-control-allow-origin"), std::nullopt) << "RFC 9700, 2.6";
  EXPECT_EQ(page.header("cross-origin-resource-policy"), "same-origin");
  const auto token = pool().http().send({"POST", "/oauth2/token", {{"Origin", kPage}}});
  EXPECT_EQ(token.header("access-control-allow-origin"), kPage);
}

TEST_F(CrossOrigin, WithoutTheSettingNoAnswerSpeaksOfIt) {
  Server closed;
  closed.start();
  auto http = closed.http();
  for (const auto& response : {preflight(http, "/integration/api/pools", kPage),
                               http.send({"GET", "/integration/api/pools", {{"Origin", kPage}}})}) {
    EXPECT_LT(response.status, 300);
    for (const auto& [name, value] : response.headers) {
      EXPECT_FALSE(name.starts_with("access-control")) << name << ": " << value;
    }
  }
}

TEST_F(CrossOrigin, WhatIsNoOriginIsAUsageError) {
  const auto result = run_adit({"serve", "--cors-origins", "console.example", "--print-config"});
  EXPECT_NE(result.status, ExitStatus::exited(0));
  EXPECT_NE(result.output.find("no origin"), std::string::npos) << result.output;
}

}  // namespace
}  // namespace adit::test
