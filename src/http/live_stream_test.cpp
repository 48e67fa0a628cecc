// Answers that go on for as long as their client listens.
#include <future>

#include "http/test_server.h"

namespace adit::http::test {
namespace {

class LiveAnswer : public ServerTest {
 protected:
  /// A client that has read the head and the first silence's "beat", which it returns.
  RawClient listening(const std::string& version = "1.1") {
    auto connection = client();
    connection.send("GET /live HTTP/" + version + "\r\nHost: h\r\n\r\n");
    EXPECT_NE(connection.until("beat").find("text/event-stream"), std::string::npos);
    return connection;
  }
  std::size_t reads() {
    const std::lock_guard lock(live_.mutex);
    return live_.reads;
  }
  void set(bool LiveLog::* flag) {
    const std::lock_guard lock(live_.mutex);
    live_.*flag = true;
  }
  static ServerOptions one_worker() {
    auto options = default_options();
    options.workers = 1;
    return options;
  }
};

TEST_F(LiveAnswer, ComesPieceByPieceWhileTheOnlyWorkerServesOthers) {
  serve(one_worker());
  auto first = listening();
  auto second = listening();
  EXPECT_EQ(body_of(get("/hello")), "hello");
  live_.say("news");
  EXPECT_NE(second.until("news").find("4\r\nnews"), std::string::npos);
  EXPECT_EQ(body_of(get("/hello")), "hello");
}

TEST_F(LiveAnswer, IsNotReadWhileThereIsNothing) {
  serve();
  auto connection = listening();
  const auto before = reads();
  EXPECT_NE(connection.until("beat"), "");
  EXPECT_NE(connection.until("beat"), "");
  EXPECT_LE(reads(), before + 3) << "once a silence";
}

TEST_F(LiveAnswer, ThatEndsLeavesTheConnectionForTheNextRequest) {
  serve();
  auto connection = listening();
  live_.say("last");
  live_.end();
  EXPECT_NE(connection.until("\r\n0\r\n\r\n").find("last"), std::string::npos);
  EXPECT_EQ(body_of(connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()), "hello");
  EXPECT_TRUE(live_.wait_for([&] { return live_.destroyed == 1; }));
}

TEST_F(LiveAnswer, EndsWholeAndAtOnceWhenTheServerStops) {
  serve();
  auto connection = listening();
  const auto begin = std::chrono::steady_clock::now();
  auto stopped = std::async(std::launch::async, [&] { server_->stop(); });
  EXPECT_TRUE(connection.rest().ends_with("0\r\n\r\n"));
  connection.close();
  stopped.get();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(live_.destroyed, 1u);
}

TEST_F(LiveAnswer, EndsWhenItsClientGoes) {
  serve();
  auto connection = listening();
  connection.close();
  EXPECT_TRUE(live_.wait_for([&] { return live_.destroyed == 1; }));
}

TEST_F(LiveAnswer, IsCutOffWhenItsClientTakesNothingForTheWriteTimeout) {
  auto options = default_options();
  options.limits.write_timeout = 300ms;
  serve(std::move(options));
  auto connection = listening();
  set(&LiveLog::endless);
  live_.say("x");
  EXPECT_TRUE(live_.wait_for([&] { return live_.destroyed == 1; }));
  EXPECT_EQ(body_of(get("/hello")), "hello");
}

TEST_F(LiveAnswer, ThatFailsIsBrokenOffWithoutItsEnd) {
  serve();
  auto connection = listening();
  set(&LiveLog::fails);
  live_.say("x");
  EXPECT_FALSE(connection.rest().ends_with("0\r\n\r\n"));
}

TEST_F(LiveAnswer, EndsWithTheConnectionForOldClients) {
  serve();
  auto connection = listening("1.0");
  live_.say("last");
  live_.end();
  EXPECT_TRUE(connection.rest().ends_with("last"));
}

TEST_F(LiveAnswer, ThatFailsIsAResetForOldClients) {
  serve();
  auto connection = listening("1.0");
  set(&LiveLog::fails);
  live_.say("x");
  EXPECT_TRUE(connection.is_reset());
}

TEST_F(LiveAnswer, EndsInOrderForOldClientsWhenTheServerStops) {
  serve();
  auto connection = listening("1.0");
  auto stopped = std::async(std::launch::async, [&] { server_->stop(); });
  connection.rest();  // fails where the connection is reset
  connection.close();
  stopped.get();
}

TEST_F(LiveAnswer, ToHeadIsItsHead) {
  serve();
  auto connection = client();
  const auto answer = connection.send("HEAD /live HTTP/1.1\r\nHost: h\r\n\r\n").answer(true);
  EXPECT_EQ(header_of(answer, "Content-Type"), "text/event-stream");
  EXPECT_EQ(body_of(connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()), "hello");
}

}  // namespace
}  // namespace adit::http::test
