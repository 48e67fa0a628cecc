// What a server makes of requests by way of a proxy, and the fields that every answer carries.
#include "http/test_server.h"

namespace adit::http::test {
namespace {

constexpr const char* kForwarded =
    "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: acme.eu.example\r\n";

class Proxied : public ServerTest {
 protected:
  void serve_behind(const char* proxy, std::optional<std::chrono::seconds> hsts_age = std::nullopt) {
    auto options = default_options();
    options.trusted_proxies = {*IpNetwork::parse(proxy)};
    options.hsts_age = hsts_age;
    serve(options);
  }
  std::string ask(const std::string& fields) {
    return client().send("GET /whoami HTTP/1.1\r\nHost: plain.example\r\n" + fields + "\r\n").answer();
  }
};

TEST_F(Proxied, ATrustedProxyTellsOfTheClient) {
  serve_behind("127.0.0.0/8");
  EXPECT_EQ(body_of(ask(kForwarded)), "198.51.100.1 by 127.0.0.1 secure acme.eu.example");
  EXPECT_EQ(body_of(ask("")), "127.0.0.1 by - plain plain.example");
}

TEST_F(Proxied, AnybodyElseIsNotBelieved) {
  serve_behind("127.0.0.2");
  EXPECT_EQ(body_of(ask(kForwarded)), "127.0.0.1 by - plain plain.example");
}

TEST_F(Proxied, EachRequestOfAConnectionHasItsOwnClient) {
  serve_behind("127.0.0.1");
  auto connection = client();
  const auto ask_for = [&](const char* address) {
    connection.send("GET /whoami HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: " + std::string(address) +
                    "\r\n\r\n");
    return body_of(connection.answer());
  };
  EXPECT_EQ(ask_for("198.51.100.1"), "198.51.100.1 by 127.0.0.1 plain h");
  EXPECT_EQ(ask_for("2001:db8::1"), "2001:db8::1 by 127.0.0.1 plain h");
  EXPECT_EQ(ask_for("unknown"), "127.0.0.1 by - plain h");
}

TEST_F(Proxied, HstsIsToldToThoseWhoSpeakTlsOnly) {
  serve_behind("127.0.0.1", std::chrono::seconds(600));
  EXPECT_EQ(header_of(ask(kForwarded), "Strict-Transport-Security"), "max-age=600");
  EXPECT_EQ(header_of(ask("X-Forwarded-Proto: http\r\n"), "Strict-Transport-Security"), std::nullopt);
  EXPECT_EQ(header_of(ask(""), "Strict-Transport-Security"), std::nullopt);
}

TEST_F(Proxied, HstsIsOffUntilItIsAskedFor) {
  serve_behind("127.0.0.1");
  EXPECT_EQ(header_of(ask(kForwarded), "Strict-Transport-Security"), std::nullopt);
}

class StandingFieldsTest : public ServerTest {};

TEST_F(StandingFieldsTest, StandInEveryAnswer) {
  serve();
  for (const char* path : {"/hello", "/nowhere", "/fails", "/stream?pieces=3&size=4"}) {
    const auto answer = get(path);
    EXPECT_EQ(header_of(answer, "X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(header_of(answer, "Referrer-Policy"), "no-referrer") << path;
    EXPECT_EQ(header_of(answer, "Cache-Control"), "no-store") << path;
    EXPECT_EQ(header_of(answer, "Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'")
        << path;
  }
  const auto malformed = client().send("GET /hello HTTP/1.1\r\n\r\n").rest();
  EXPECT_EQ(status_of(malformed), 400);
  EXPECT_EQ(header_of(malformed, "Cache-Control"), "no-store");
}

TEST_F(StandingFieldsTest, AHandlersOwnStand) {
  serve();
  const auto page = get("/page");
  EXPECT_EQ(header_of(page, "Content-Security-Policy"), "default-src 'self'");
  EXPECT_EQ(header_of(page, "Cache-Control"), "max-age=60");
  EXPECT_EQ(page.find("no-store"), std::string::npos);
  EXPECT_EQ(header_of(page, "X-Content-Type-Options"), "nosniff");
}

}  // namespace
}  // namespace adit::http::test
