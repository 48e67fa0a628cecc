// Answers that are streamed, and clients that leave.
#include "http/test_server.h"

namespace adit::http::test {
namespace {

using StreamedAnswer = ServerTest;

std::string get_request(const std::string& path, const std::string& version = "1.1",
                        const std::string& more = "") {
  return "GET " + path + " HTTP/" + version + "\r\nHost: h\r\n" + more + "\r\n";
}

TEST_F(StreamedAnswer, ComesInChunksAndKeepsTheConnection) {
  serve();
  auto connection = client();
  connection.send(get_request("/stream?pieces=3&size=2"));
  connection.send(get_request("/hello", "1.1", "Connection: close\r\n"));
  const auto both = connection.rest();
  EXPECT_EQ(header_of(both, "Transfer-Encoding"), "chunked");
  EXPECT_EQ(header_of(both, "Content-Type"), "text/plain");
  EXPECT_NE(both.find("\r\n\r\n2\r\naa\r\n2\r\nbb\r\n2\r\ncc\r\n0\r\n\r\nHTTP/1.1 200"), std::string::npos)
      << both;
  EXPECT_TRUE(both.ends_with("hello"));
}

TEST_F(StreamedAnswer, MayBeEmpty) {
  serve();
  const auto answer = client().send(get_request("/stream", "1.1", "Connection: close\r\n")).rest();
  EXPECT_TRUE(answer.ends_with("\r\n\r\n0\r\n\r\n")) << answer;
}

TEST_F(StreamedAnswer, OfAKnownLengthSaysIt) {
  serve();
  const auto answer = get("/stream?pieces=3&size=4&bytes=12");
  EXPECT_EQ(header_of(answer, "Transfer-Encoding"), std::nullopt);
  EXPECT_EQ(body_of(answer), "aaaabbbbcccc");
}

TEST_F(StreamedAnswer, EndsWithTheConnectionForOldClients) {
  serve();
  const auto answer =
      client().send(get_request("/stream?pieces=2", "1.0", "Connection: keep-alive\r\n")).rest();
  EXPECT_EQ(header_of(answer, "Transfer-Encoding"), std::nullopt);
  EXPECT_EQ(header_of(answer, "Content-Length"), std::nullopt);
  EXPECT_EQ(header_of(answer, "Connection"), "close");
  EXPECT_TRUE(answer.ends_with("\r\n\r\nab")) << answer;
}

TEST_F(StreamedAnswer, ThatFailsAtOnceIsAnOrdinaryError) {
  serve();
  auto connection = client();
  const auto answer = connection.send(get_request("/stream?pieces=3&fail_at=0")).answer();
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_EQ(body_of(answer), "the piece is bad");
  EXPECT_EQ(body_of(connection.send(get_request("/hello")).answer()), "hello");
}

TEST_F(StreamedAnswer, ThatFailsLaterIsBrokenOffWithoutItsEnd) {
  serve();
  const auto answer = client().send(get_request("/stream?pieces=9&fail_at=3")).rest();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_TRUE(answer.ends_with("1\r\nb\r\n1\r\nc") || answer.ends_with("1\r\nc\r\n")) << answer;
}

TEST_F(StreamedAnswer, ThatFailsLaterIsAResetForOldClients) {
  serve();
  EXPECT_TRUE(client().send(get_request("/stream?pieces=9&fail_at=3", "1.0")).is_reset());
}

TEST_F(StreamedAnswer, ThatTheServersStopBreaksOffIsAResetForOldClients) {
  auto options = default_options();
  options.drain_timeout = 100ms;
  serve(options);
  auto connection = client();
  connection.send(get_request("/stream?pieces=100000&size=1000000", "1.0"));
  ASSERT_TRUE(sink_.wait_for([&] { return sink_.finished >= 2; }));
  server_->stop();
  EXPECT_TRUE(connection.is_reset());
}

TEST_F(StreamedAnswer, ToHeadIsOnlyItsHead) {
  serve();
  auto connection = client();
  const auto answer = connection.send("HEAD /stream?pieces=3 HTTP/1.1\r\nHost: h\r\n\r\n").answer(true);
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(connection.send(get_request("/hello")).answer()), "hello");
}

TEST_F(StreamedAnswer, WaitsForAClientThatDoesNotReadAndEndsWhenItLeaves) {
  serve();
  auto connection = client();
  connection.send(get_request("/stream?pieces=100000&size=1000000"));
  ASSERT_TRUE(sink_.wait_for([&] { return sink_.finished >= 2; }));
  connection.close();
  ASSERT_TRUE(sink_.wait_for([&] { return sink_.destroyed == 1; }));
  EXPECT_LT(sink_.finished, 1000U);
}

TEST_F(StreamedAnswer, HandlersLearnThatTheirClientHasGone) {
  serve();
  auto connection = client();
  connection.send(get_request("/until-gone"));
  ASSERT_TRUE(sink_.wait_for([&] { return sink_.opened == 1; }));
  connection.close();
  EXPECT_TRUE(sink_.wait_for([&] { return sink_.destroyed == 1; }));
}

}  // namespace
}  // namespace adit::http::test
