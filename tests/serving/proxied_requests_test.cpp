// Forwarded fields, the public URL, and the fields of every answer, over the real binary.
#include <algorithm>

#include "support/second_team.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

/// One request on a connection of its own, with the administrator's key.
HttpResponse ask(const Server& server, const std::string& target, const std::string& fields,
                 const std::string& host = "plain.example", Security security = Security::kPlain) {
  const auto& address = security == Security::kTls ? server.tls_address() : server.address();
  RawConnection connection(address, security);
  connection.send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " +
                  server.admin_key() + "\r\n" + fields + "\r\n");
  return connection.read_response();
}

/// The line of the access log that tells of `path`, which is asked for once. The line is written after the
/// answer was sent.
std::string access_line(const Server& server, const std::string& path) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (std::chrono::steady_clock::now() < deadline) {
    const auto log = server.log();
    const auto at = log.find("path=" + path + " ");
    const auto end = at == std::string::npos ? at : log.find('\n', at);
    if (end != std::string::npos) return log.substr(at, end - at);
  }
  return "no line for " + path;
}

class ForwardedFields : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({.flags = {"--trusted-proxy", "127.0.0.1, 10.0.0.0/8", "--hsts", "31536000"}});
    server_of_suite().terminate();
    add_second_team(server_of_suite().data(), "acme");
    server_of_suite().start();
  }
};

TEST_F(ForwardedFields, TheLogHasTheClientAndTheProxy) {
  ask(server(), "/one", "X-Forwarded-For: 1.1.1.1, 2001:db8::7, 10.1.2.3\r\n");
  const auto line = access_line(server(), "/one");
  EXPECT_NE(line.find(" peer=2001:db8::7 proxy=127.0.0.1 "), std::string::npos) << line;
  ask(server(), "/two", "Forwarded: for=\"[2001:db8::8]:4711\";proto=https\r\n");
  const auto standard = access_line(server(), "/two");
  EXPECT_NE(standard.find(" peer=2001:db8::8 proxy=127.0.0.1 "), std::string::npos) << standard;
  ask(server(), "/three", "X-Forwarded-For: garbage\r\n");
  const auto garbage = access_line(server(), "/three");
  EXPECT_NE(garbage.find(" peer=127.0.0.1 reference="), std::string::npos) << garbage;
}

TEST_F(ForwardedFields, TheTeamIsThatOfTheHostWhichTheClientAskedFor) {
  const auto* path = "/integration/api/pools";
  EXPECT_EQ(ask(server(), path, "").status, 200);
  EXPECT_EQ(ask(server(), path, "X-Forwarded-Host: acme.eu-1.example\r\n").status, 401);
  EXPECT_EQ(ask(server(), path, "Forwarded: for=1.1.1.1;host=acme.eu-1.example\r\n").status, 401);
  EXPECT_EQ(ask(server(), path, "X-Forwarded-Host: default.eu-1.example\r\n", "acme.eu-1.example").status,
            200);
}

TEST_F(ForwardedFields, StrictTransportSecurityIsForThoseWhoSpeakTls) {
  const auto told = [&](const std::string& fields, Security security) {
    return ask(server(), "/healthz", fields, "h", security).header("strict-transport-security").value_or("-");
  };
  EXPECT_EQ(told("", Security::kPlain), "-");
  EXPECT_EQ(told("", Security::kTls), "max-age=31536000");
  EXPECT_EQ(told("X-Forwarded-Proto: https\r\n", Security::kPlain), "max-age=31536000");
}

TEST_F(ForwardedFields, EveryAnswerTellsBrowsersAndCachesWhatItIs) {
  for (const char* target : {"/", "/healthz", "/integration/api/pools", "/nowhere"}) {
    const auto answer = ask(server(), target, "");
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff") << target;
    EXPECT_EQ(answer.header("referrer-policy"), "no-referrer") << target;
    EXPECT_EQ(answer.header("cache-control"), "no-store") << target;
    EXPECT_EQ(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'")
        << target;
  }
}

class DirectClients : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({.flags = {"--public-url", "https://push.example/adit/"}});
    server_of_suite().terminate();
    add_second_team(server_of_suite().data(), "acme");
    server_of_suite().start();
  }
};

TEST_F(DirectClients, AreNotBelievedWhatTheySayOfOthers) {
  const auto* forged =
      "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: acme.eu-1.example\r\n"
      "Forwarded: for=198.51.100.1;host=acme.eu-1.example\r\n";
  EXPECT_EQ(ask(server(), "/integration/api/pools", forged).status, 200);
  ask(server(), "/forged", forged);
  const auto line = access_line(server(), "/forged");
  EXPECT_NE(line.find(" peer=127.0.0.1 reference="), std::string::npos) << line;
}

TEST_F(DirectClients, FindLinksThatBeginWithThePublicUrl) {
  const auto links = ask(server(), "/", "").json().at("links");
  EXPECT_EQ(field(links, "health"), "https://push.example/adit/healthz");
  EXPECT_EQ(field(links, "pools"), "https://push.example/adit/integration/api/pools");
  EXPECT_NE(server().log(0).find("public=https://push.example/adit"), std::string::npos);
}

}  // namespace
}  // namespace adit::test
