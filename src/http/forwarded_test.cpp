// Addresses and networks, and what is believed of forwarded fields.
#include "http/forwarded.h"

#include <gtest/gtest.h>

namespace adit::http {
namespace {

TEST(IpAddress, ReadsBothVersionsAndTakesAMappedOneForVersion4) {
  EXPECT_EQ(IpAddress::parse("10.0.0.1")->to_string(), "10.0.0.1");
  EXPECT_EQ(IpAddress::parse("2001:DB8:0:0::1")->to_string(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("::ffff:10.0.0.1"), IpAddress::parse("10.0.0.1"));
  EXPECT_TRUE(IpAddress::parse("::ffff:10.0.0.1")->is_v4());
  EXPECT_FALSE(IpAddress::parse("::1")->is_v4());
  for (const char* text :
       {"", "10.0.0", "10.0.0.256", "010.0.0.1.5", "[::1]", "::1%lo", "1::2::3", "10.0.0.1 ", "localhost",
        "10.0.0.1:80", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.0.0.1\0", 9)));
}

bool holds(const char* network, const char* address) {
  return IpNetwork::parse(network)->contains(*IpAddress::parse(address));
}

TEST(IpNetwork, HoldsTheAddressesOfItsPrefixAndVersion) {
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(holds("192.168.1.128/25", "192.168.1.128"));
  EXPECT_FALSE(holds("192.168.1.128/25", "192.168.1.127"));
  EXPECT_TRUE(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(holds("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(holds("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(holds("::1", "::1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(holds("::/0", "2001:db8::1"));
  EXPECT_FALSE(holds("::/0", "203.0.113.9"));
}

TEST(IpNetwork, SaysWhatIsWrongWithAText) {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129",
                           "10.0.0.0/8x", "proxy.example", "10.0.0.0/ 8"}) {
    EXPECT_FALSE(IpNetwork::parse(text).ok()) << text;
  }
  EXPECT_NE(IpNetwork::parse("10.0.0.7/8").error().public_message.find("10.0.0.0/8"), std::string::npos);
  EXPECT_NE(IpNetwork::parse("2001:db8::1/32").error().public_message.find("2001:db8::/32"),
            std::string::npos);
  EXPECT_EQ(IpNetwork::parse("127.0.0.1")->to_string(), "127.0.0.1/32");
}

/// A request from a peer of 127.0.0.0/8, where 10.0.0.0/8 and 2001:db8:a::/48 are proxies as well.
class Forwarded : public testing::Test {
 public:
  Forwarded& with(std::string name, std::string value) {
    headers_.add(std::move(name), std::move(value));
    return *this;
  }
  ForwardedClient from(std::string_view peer) {
    const std::vector<IpNetwork> trusted{*IpNetwork::parse("127.0.0.0/8"), *IpNetwork::parse("10.0.0.0/8"),
                                         *IpNetwork::parse("2001:db8:a::/48")};
    auto client = forwarded_client(headers_, peer, trusted);
    headers_ = {};
    return client;
  }
  ForwardedClient seen() { return from("127.0.0.1"); }
  std::string client_of(std::string list) {
    return with("X-Forwarded-For", std::move(list)).seen().address.value_or("-");
  }
  std::string client_of_element(std::string list) {
    return with("Forwarded", std::move(list)).seen().address.value_or("-");
  }

 private:
  Headers headers_;
};

TEST_F(Forwarded, AStrangerIsNotBelieved) {
  for (const char* peer : {"203.0.113.9", "2001:db8:b::1", "unknown", ""}) {
    with("X-Forwarded-For", "198.51.100.1")
        .with("X-Forwarded-Proto", "https")
        .with("X-Forwarded-Host", "a.b");
    EXPECT_EQ(from(peer), ForwardedClient{}) << peer;
    EXPECT_EQ(with("Forwarded", "for=198.51.100.1;proto=https;host=a.b").from(peer), ForwardedClient{})
        << peer;
  }
  Headers headers;
  headers.add("X-Forwarded-For", "198.51.100.1");
  EXPECT_EQ(forwarded_client(headers, "127.0.0.1", {}), ForwardedClient{});
}

TEST_F(Forwarded, ATrustedProxyIsBelieved) {
  with("X-Forwarded-For", "198.51.100.1")
      .with("X-Forwarded-Proto", "https")
      .with("X-Forwarded-Host", "a.b:8443");
  EXPECT_EQ(seen(), (ForwardedClient{"198.51.100.1", true, "a.b:8443"}));
  with("Forwarded", "for=198.51.100.1;proto=HTTPS;host=\"a.b:8443\";by=10.0.0.1");
  EXPECT_EQ(seen(), (ForwardedClient{"198.51.100.1", true, "a.b:8443"}));
  EXPECT_EQ(with("X-Forwarded-For", "198.51.100.1").from("::ffff:127.0.0.1").address, "198.51.100.1");
  EXPECT_EQ(with("X-Forwarded-For", "2001:db8:b::7").from("2001:db8:a::1").address, "2001:db8:b::7");
  EXPECT_EQ(with("X-Forwarded-Proto", "http").seen(), (ForwardedClient{{}, false, {}}));
}

TEST_F(Forwarded, TheWalkEndsAtTheFirstStrangerFromTheRight) {
  EXPECT_EQ(client_of("1.1.1.1, 198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(client_of("1.1.1.1, 198.51.100.1, 10.0.0.2, 127.0.0.9"), "198.51.100.1");
  EXPECT_EQ(client_of("10.0.0.3, 10.0.0.2"), "10.0.0.3");
  EXPECT_EQ(client_of("2001:db8:b::1, 2001:db8:a::2"), "2001:db8:b::1");
  EXPECT_EQ(client_of_element("for=1.1.1.1, for=198.51.100.1, for=10.0.0.2"), "198.51.100.1");
  EXPECT_EQ(with("X-Forwarded-For", "1.1.1.1").with("x-forwarded-for", "198.51.100.1").seen().address,
            "198.51.100.1");
  EXPECT_EQ(client_of(",, 198.51.100.1 ,,"), "198.51.100.1");
}

TEST_F(Forwarded, NodesComeInManyForms) {
  for (const char* node : {"198.51.100.1", "198.51.100.1:443", "198.51.100.1:_port", "::ffff:198.51.100.1",
                           "[::ffff:198.51.100.1]:80"}) {
    EXPECT_EQ(client_of(node), "198.51.100.1") << node;
    EXPECT_EQ(client_of_element("for=\"" + std::string(node) + "\""), "198.51.100.1") << node;
  }
  for (const char* node : {"2001:db8:b::1", "[2001:db8:b::1]", "[2001:DB8:B:0::1]:4711"}) {
    EXPECT_EQ(client_of(node), "2001:db8:b::1") << node;
    EXPECT_EQ(client_of_element("For=\"" + std::string(node) + "\";By=_x"), "2001:db8:b::1") << node;
  }
}

TEST_F(Forwarded, WhatIsNoAddressEndsTheWalkAtTheProxyThatSaidSo) {
  for (const char* node : {"unknown", "_hidden", "garbage", "300.1.1.1",
                           "198.51.100.1:", "198.51.100.1:99999999", "[2001:db8::1", "[198.51.100.1]",
                           "[::1]x", "fe80::1%eth0", "198.51.100.1 1.1.1.1", "\"", "198.51.100.1:80:80"}) {
    EXPECT_EQ(client_of("1.1.1.1, " + std::string(node)), "-") << node;
    EXPECT_EQ(client_of("1.1.1.1, " + std::string(node) + ", 10.0.0.2"), "10.0.0.2") << node;
  }
  EXPECT_EQ(client_of_element("for=1.1.1.1, for=unknown, for=10.0.0.2"), "10.0.0.2");
  EXPECT_EQ(client_of_element("for=1.1.1.1, for=\"_gazonk\""), "-");
  EXPECT_EQ(client_of_element("for=1.1.1.1, proto=https"), "-");
  EXPECT_EQ(client_of(""), "-");
  EXPECT_EQ(client_of("\", 198.51.100.1"), "198.51.100.1");
}

TEST_F(Forwarded, AMalformedListIsNotBelievedAtAll) {
  for (const char* list : {"for=\"198.51.100.1", "for=\"1.1.1.1, for=198.51.100.1",
                           "=1.1.1.1, for=198.51.100.1", "for=\"1.1.1.1\"x, for=198.51.100.1"}) {
    EXPECT_EQ(with("Forwarded", list).seen(), ForwardedClient{}) << list;
  }
  EXPECT_EQ(client_of_element("for=\"1.1.1.1,\\\"\", for=198.51.100.1"), "198.51.100.1");
}

TEST_F(Forwarded, SchemeAndHostAreThoseOfTheHopThatTheClientSpokeTo) {
  with("Forwarded",
       "for=1.1.1.1;proto=http;host=evil, for=198.51.100.1;proto=https;host=a.b, for=10.0.0.2;proto=http");
  EXPECT_EQ(seen(), (ForwardedClient{"198.51.100.1", true, "a.b"}));
  with("X-Forwarded-For", "1.1.1.1, 198.51.100.1, 10.0.0.2").with("X-Forwarded-Proto", "http, https, http");
  with("X-Forwarded-Host", "evil, a.b, inner");
  EXPECT_EQ(seen(), (ForwardedClient{"198.51.100.1", true, "a.b"}));
  // One value for all of them, and a list that does not match: what the nearest proxy says.
  with("X-Forwarded-For", "198.51.100.1, 10.0.0.2").with("X-Forwarded-Proto", "https");
  EXPECT_EQ(seen(), (ForwardedClient{"198.51.100.1", true, {}}));
  with("X-Forwarded-For", "198.51.100.1").with("X-Forwarded-Proto", "https, http");
  EXPECT_EQ(seen(), (ForwardedClient{"198.51.100.1", false, {}}));
}

TEST_F(Forwarded, OtherSchemesAndHostsThatAreNoneSayNothing) {
  with("X-Forwarded-For", "198.51.100.1").with("X-Forwarded-Proto", "gopher");
  with("X-Forwarded-Host", "a b/../c");
  EXPECT_EQ(seen(), (ForwardedClient{"198.51.100.1", {}, {}}));
  EXPECT_EQ(with("X-Forwarded-Host", std::string(300, 'a')).seen(), ForwardedClient{});
}

TEST_F(Forwarded, TwoFamiliesThatDifferAreBothNotBelieved) {
  with("Forwarded", "for=1.1.1.1;proto=https").with("X-Forwarded-For", "198.51.100.1");
  EXPECT_EQ(seen(), ForwardedClient{});
  with("Forwarded", "for=198.51.100.1;proto=https;host=evil");
  with("X-Forwarded-For", "198.51.100.1").with("X-Forwarded-Proto", "https");
  EXPECT_EQ(seen(), ForwardedClient{});
  with("Forwarded", "garbage=\"").with("X-Forwarded-For", "198.51.100.1");
  EXPECT_EQ(seen(), ForwardedClient{});
  with("Forwarded", "for=198.51.100.1;proto=https");
  with("X-Forwarded-For", "198.51.100.1").with("X-Forwarded-Proto", "https");
  EXPECT_EQ(seen(), (ForwardedClient{"198.51.100.1", true, {}}));
}

}  // namespace
}  // namespace adit::http
