// Who gives way when all places for connections are taken, and when the memory for bodies is.
#include <thread>

#include "http/test_server.h"

namespace adit::http::test {
namespace {

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
/// After this nobody is taken for somebody who has just come.
constexpr auto kNoLongerFresh = 2100ms;

class HttpCrowding : public ServerTest {
 protected:
  void serve_few(std::size_t connections_max) {
    auto options = default_options();
    options.limits.connections_max = connections_max;
    serve(options);
  }
  static std::string echo_with_key() {
    return "POST /guarded-echo HTTP/1.1\r\nHost: h\r\nX-Key: yes\r\nContent-Length: 2\r\n\r\nhi";
  }
  double gave_way() const { return metrics_.http_connections_gave_way.Value(); }
};

TEST_F(HttpCrowding, SilentConnectionsGiveWay) {
  serve_few(3);
  std::vector<RawClient> silent;
  for (int i = 0; i < 3; ++i) silent.push_back(client());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(status_of(get("/hello")), 200) << i;
  EXPECT_TRUE(silent.front().closes()) << "the oldest one goes first";
  EXPECT_GE(gave_way(), 1);
}

TEST_F(HttpCrowding, WhoHasAKeyStaysWhileStrangersAreThere) {
  serve_few(3);
  auto known = client();
  ASSERT_EQ(status_of(known.send(echo_with_key()).answer()), 200);
  std::vector<RawClient> strangers;
  for (int i = 0; i < 2; ++i) strangers.push_back(client());
  std::this_thread::sleep_for(kNoLongerFresh);
  // Their heads are old; the idle connection of the one with the key is older still.
  for (int i = 0; i < 2; ++i) strangers.push_back(client());
  EXPECT_TRUE(strangers[0].closes());
  EXPECT_TRUE(strangers[1].closes());
  EXPECT_EQ(status_of(known.send(echo_with_key()).answer()), 200);
}

TEST_F(HttpCrowding, TheAddressWithTheMostConnectionsGivesWayFirst) {
  serve_few(3);
  auto lonely = client_from("127.0.0.2");
  auto first = client_from("127.0.0.3");
  auto second = client_from("127.0.0.3");
  EXPECT_EQ(status_of(client().send(kHello).answer()), 200);
  EXPECT_TRUE(first.closes());
  EXPECT_EQ(status_of(lonely.send(kHello).answer()), 200);
  EXPECT_EQ(status_of(second.send(kHello).answer()), 200);
}

TEST_F(HttpCrowding, BehindATrustedProxyAreManyClients) {
  auto options = default_options();
  options.limits.connections_max = 3;
  options.trusted_proxies.push_back(*IpNetwork::parse("127.0.0.2"));
  serve(options);
  auto other = client_from("127.0.0.3");
  auto first = client_from("127.0.0.2");
  auto second = client_from("127.0.0.2");
  EXPECT_EQ(status_of(client().send(kHello).answer()), 200);
  EXPECT_TRUE(other.closes()) << "it is the oldest, and the proxy's two count as nobody's";
  EXPECT_EQ(status_of(first.send(kHello).answer()), 200);
  EXPECT_EQ(status_of(second.send(kHello).answer()), 200);
}

TEST_F(HttpCrowding, ARequestThatIsWorkedOnIsNeverClosed) {
  serve_few(2);
  auto first = client();
  auto second = client();
  for (auto* running : {&first, &second}) running->send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  std::this_thread::sleep_for(100ms);
  const auto refused = client().answer();
  EXPECT_EQ(status_of(refused), 503);
  EXPECT_EQ(header_of(refused, "Retry-After"), "1");
  EXPECT_EQ(status_of(first.answer()), 200);
  EXPECT_EQ(status_of(second.answer()), 200);
  EXPECT_EQ(gave_way(), 0);
}

TEST_F(HttpCrowding, AnUploadThatKeepsPaceIsNotClosed) {
  serve_few(2);
  auto upload = client();
  upload.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
  ASSERT_TRUE(sink_.wait_for([&] { return sink_.opened == 1; }));
  std::vector<RawClient> others;
  for (int i = 0; i < 5; ++i) others.push_back(client());
  EXPECT_EQ(status_of(upload.send("67890").answer()), 200);
}

TEST_F(HttpCrowding, AnUploadThatHardlyMovesGivesWay) {
  serve_few(1);
  auto upload = client();
  upload.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
  std::this_thread::sleep_for(1200ms);
  EXPECT_EQ(status_of(get("/hello")), 200);
  EXPECT_TRUE(upload.closes());
  EXPECT_EQ(sink_.finished, 0U);
}

TEST_F(HttpCrowding, AnUploadAtAPaceGivesWayOnlyWhereItsAddressHasManyTimesMore) {
  serve_few(16);
  std::vector<RawClient> uploads;
  for (int i = 0; i < 16; ++i) uploads.push_back(client_from("127.0.0.2"));
  for (auto& upload : uploads) {
    upload.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
  }
  ASSERT_TRUE(sink_.wait_for([&] { return sink_.opened == 16; }));
  EXPECT_EQ(status_of(client_from("127.0.0.2").answer()), 503);
  EXPECT_EQ(status_of(client_from("127.0.0.3").send(kHello).answer()), 200);
  EXPECT_EQ(gave_way(), 1);
}

/// Uploads with a key whose bodies are begun, and what becomes of others then.
class HttpCrowdOfUploads : public HttpCrowding {
 protected:
  static constexpr auto kLongEnoughToBeSlow = 1200ms;

  void serve_few_behind(const char* proxy, std::size_t connections_max) {
    auto options = default_options();
    options.limits.connections_max = connections_max;
    options.trusted_proxies.push_back(*IpNetwork::parse(proxy));
    serve(options);
  }
  static std::string upload_head(std::size_t bytes, const std::string& more = {}) {
    return "POST /guarded HTTP/1.1\r\nHost: h\r\nX-Key: yes\r\n" + more +
           "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
  }
  static std::string by_way_of_proxy(const std::string& client) {
    return "X-Forwarded-For: " + client + "\r\n";
  }
  RawClient begin(const char* source, const std::string& more = {}) {
    auto upload = client_from(source);
    std::size_t opened = 0;
    {
      const std::lock_guard lock(sink_.mutex);
      opened = sink_.opened;
    }
    upload.send(upload_head(kLarge, more) + "12345");
    EXPECT_TRUE(sink_.wait_for([&] { return sink_.opened > opened; }));
    return upload;
  }
  /// As many uploads as there are places, of which the first ones give way.
  void fill(std::size_t uploads, const char* source, const std::string& more = {}) {
    for (std::size_t i = 0; i < uploads; ++i) crowd_.push_back(begin(source, more));
    std::this_thread::sleep_for(kLongEnoughToBeSlow);
  }
  /// What the server says to an upload before its body.
  std::string first_word(const char* source, const std::string& more = {}) {
    crowd_.push_back(client_from(source));
    crowd_.back().send(upload_head(kLarge, "Expect: 100-continue\r\n" + more));
    return crowd_.back().until("\r\n\r\n");
  }
  /// Uploads that come and come again; what is said to the first one that is not let in.
  std::string first_refusal(const char* source, const std::string& more = {}) {
    for (int i = 0; i < 1000; ++i) {
      auto word = first_word(source, more);
      if (status_of(word) != 100) return word + crowd_.back().rest();
    }
    return {};
  }

  static constexpr std::size_t kLarge = 1'000'000;
  /// More than an address may begin while those are at a pace that were begun last.
  static constexpr std::size_t kPlaces = 80;
  std::vector<RawClient> crowd_;
};

TEST_F(HttpCrowdOfUploads, AnIdleConnectionStaysWhileAnAddressHasManySlowOnes) {
  serve_few(18);
  auto idle = client_from("127.0.0.3");
  ASSERT_EQ(status_of(idle.send(echo_with_key()).answer()), 200);
  fill(17, "127.0.0.2");
  std::this_thread::sleep_for(kNoLongerFresh);
  EXPECT_EQ(status_of(client_from("127.0.0.4").send(kHello).answer()), 200);
  EXPECT_EQ(gave_way(), 1);
  EXPECT_EQ(status_of(idle.send(echo_with_key()).answer()), 200);
}

TEST_F(HttpCrowdOfUploads, WhereUploadsGaveWayTheirAddressBeginsFewInASecond) {
  serve_few(kPlaces);
  fill(kPlaces, "127.0.0.2");
  EXPECT_EQ(status_of(first_word("127.0.0.2")), 100);
  const auto refused = first_refusal("127.0.0.2");
  EXPECT_EQ(status_of(refused), 503);
  EXPECT_TRUE(body_of(refused).contains("slow uploads")) << refused;
  EXPECT_EQ(header_of(refused, "Retry-After"), "1");
  EXPECT_EQ(header_of(refused, "Connection"), "close");
  EXPECT_EQ(status_of(first_word("127.0.0.3")), 100) << "an address that has few begins as many as it likes";
  EXPECT_EQ(status_of(client_from("127.0.0.2").send(upload_head(2) + "hi").answer()), 200)
      << "a small one has no file before it is whole";
  EXPECT_EQ(status_of(client_from("127.0.0.2").send(echo_with_key()).answer()), 200);
}

TEST_F(HttpCrowdOfUploads, UploadsAreNotCountedWhileThereAreSilentOnesToGiveWay) {
  serve_few(kPlaces);
  std::vector<RawClient> silent;
  for (std::size_t i = 0; i < kPlaces; ++i) silent.push_back(client_from("127.0.0.2"));
  std::this_thread::sleep_for(kNoLongerFresh);
  for (int i = 0; i < 36; ++i) ASSERT_EQ(status_of(first_word("127.0.0.2")), 100) << i;
}

TEST_F(HttpCrowdOfUploads, BehindAProxyTheClientsItTellsOfCount) {
  serve_few_behind("127.0.0.2", kPlaces);
  fill(kPlaces, "127.0.0.2", by_way_of_proxy("198.51.100.1"));
  const auto refused = first_refusal("127.0.0.2", by_way_of_proxy("198.51.100.1"));
  EXPECT_TRUE(body_of(refused).contains("slow uploads")) << refused;
  EXPECT_EQ(status_of(first_word("127.0.0.2", by_way_of_proxy("198.51.100.2"))), 100);
}

TEST_F(HttpCrowdOfUploads, BehindAProxyThoseAtAPaceGiveWayToNobodyWhoMayBeTheSame) {
  serve_few_behind("127.0.0.2", 16);
  for (int i = 0; i < 16; ++i) crowd_.push_back(begin("127.0.0.2", by_way_of_proxy("198.51.100.1")));
  EXPECT_EQ(status_of(client_from("127.0.0.2").answer()), 503);
  EXPECT_EQ(status_of(client_from("127.0.0.3").send(kHello).answer()), 200);
}

/// Extractors of one address that send more than a KiB a second, beside a crowd that comes again and again.
class HttpFleet : public HttpCrowdOfUploads {
 protected:
  static constexpr std::size_t kFleet = 12;
  static constexpr std::size_t kPiece = 2048;
  static constexpr std::size_t kPieces = 12;

  void expect_all_go_on(const char* fleet, const std::string& of_fleet, const char* crowd,
                        const std::string& of_crowd) {
    std::vector<RawClient> uploads;
    for (std::size_t i = 0; i < kFleet; ++i) {
      uploads.push_back(client_from(fleet));
      uploads.back().send(upload_head(kPieces * kPiece, of_fleet));
    }
    for (std::size_t piece = 0; piece < kPieces; ++piece) {
      for (auto& upload : uploads) upload.send(std::string(kPiece, 'x'));
      for (int i = 0; i < 8; ++i) {
        crowd_.push_back(client_from(crowd));
        // Where it is sent away before it has said this, it comes again all the same.
        static_cast<void>(crowd_.back().try_send(upload_head(kLarge, of_crowd) + "12345"));
      }
      std::this_thread::sleep_for(300ms);
    }
    EXPECT_GT(gave_way(), 0);
    for (auto& upload : uploads) EXPECT_EQ(status_of(upload.answer()), 200);
  }
};

TEST_F(HttpFleet, GoesOnBesideACrowd) {
  serve_few(30);
  expect_all_go_on("127.0.0.2", {}, "127.0.0.3", {});
}

TEST_F(HttpFleet, GoesOnBesideACrowdThatComesByWayOfTheSameProxy) {
  serve_few_behind("127.0.0.2", 30);
  expect_all_go_on("127.0.0.2", by_way_of_proxy("198.51.100.1"), "127.0.0.2",
                   by_way_of_proxy("198.51.100.2"));
}

TEST_F(HttpFleet, GoesOnBesideACrowdOfItsOwnAddress) {
  serve_few(30);
  expect_all_go_on("127.0.0.2", {}, "127.0.0.2", {});
}

TEST_F(HttpCrowding, WhoIsRefusedLeavesOthersTheirRefusal) {
  serve_few(1);
  sink_.blocked = true;
  auto running = client();
  running.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
  ASSERT_TRUE(sink_.wait_for([&] { return !sink_.names.empty(); }));
  // They do not leave, so that each of them is waited for.
  std::vector<RawClient> refused;
  for (int i = 0; i < 150; ++i) refused.push_back(client_from("127.0.0.2"));
  EXPECT_EQ(status_of(client_from("127.0.0.3").answer()), 503);
  sink_.unblock();
  EXPECT_EQ(status_of(running.answer()), 200);
}

class HttpBodyMemory : public ServerTest {
 protected:
  void SetUp() override {
    auto options = default_options();
    options.limits.body_memory_bytes_max = 1 << 20;
    serve(options);
  }
  static std::string post(const std::string& path, const std::string& more, std::string_view body) {
    return "POST " + path + " HTTP/1.1\r\nHost: h\r\n" + more +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  void expect_busy(RawClient& client) {
    const auto answer = client.answer();
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_EQ(header_of(answer, "Retry-After"), "1");
  }
};

TEST_F(HttpBodyMemory, HeldBodiesBeyondItAre503AndSmallOnesGoOn) {
  auto large = client();
  large.try_send(post("/echo", "", std::string(2 << 20, 'x')));
  expect_busy(large);
  EXPECT_EQ(status_of(client().send(post("/echo", "", std::string(60'000, 'x'))).answer()), 200);
  EXPECT_EQ(status_of(client().send(post("/echo", "", std::string(400'000, 'x'))).answer()), 200)
      << "the refused one has given its part back";
}

TEST_F(HttpBodyMemory, AnUploadThatCanNotBeDecompressedNowIs503BeforeItsBody) {
  auto expecting = client();
  expecting.send(
      "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nContent-Length: 1000\r\n"
      "Expect: 100-continue\r\n\r\n");
  expect_busy(expecting);
  EXPECT_EQ(sink_.opened, 0U);
}

TEST_F(HttpBodyMemory, APlainUploadGoesOnInSmallPieces) {
  const std::string body(5 << 20, 'x');
  std::vector<RawClient> uploads;
  for (int i = 0; i < 4; ++i) uploads.push_back(client());
  for (auto& upload : uploads) upload.send(post("/upload", "", body));
  for (auto& upload : uploads) EXPECT_EQ(status_of(upload.answer()), 200);
}

}  // namespace
}  // namespace adit::http::test
