// What a peer may cost: sizes, times, numbers, and malformed requests.
#include <thread>

#include "http/test_server.h"

namespace adit::http::test {
namespace {

using HttpLimits = ServerTest;

ServerOptions small_limits() {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.tls_listen.reset();
  options.workers = 2;
  options.limits.header_bytes_max = 4096;
  options.limits.target_bytes_max = 1024;
  options.limits.buffered_body_bytes_max = 100'000;
  options.limits.streamed_body_bytes_max = 1'000'000;
  options.limits.head_timeout = 200ms;
  options.limits.idle_timeout = 300ms;
  options.limits.read_timeout = 200ms;
  return options;
}

std::string chunk_head(std::string_view path) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string length_head(std::string_view path, std::size_t size) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) +
         "\r\n\r\n";
}

TEST_F(HttpLimits, ATooLargeBodyIsRefusedBeforeItIsRead) {
  serve(small_limits());
  EXPECT_EQ(status_of(client().send(length_head("/echo", 100'001)).answer()), 413);
  EXPECT_EQ(status_of(client().send(length_head("/nobody", 100'001)).answer()), 413);
  EXPECT_EQ(status_of(client().send(length_head("/upload", 1'000'001)).answer()), 413);
  EXPECT_EQ(sink_.opened, 0u);
  auto expecting = client();
  expecting.send(
      "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000001\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(expecting.answer()), 413);
}

TEST_F(HttpLimits, ABodyOfTheLimitIsTaken) {
  serve(small_limits());
  EXPECT_EQ(body_of(client().send(length_head("/echo", 100'000) + std::string(100'000, 'x')).answer()).size(),
            100'000u);
  EXPECT_EQ(
      status_of(client().send(length_head("/upload", 1'000'000) + std::string(1'000'000, 'x')).answer()),
      200);
}

TEST_F(HttpLimits, AChunkedBodyIsRefusedWhereItPassesTheLimit) {
  serve(small_limits());
  const auto chunk = "C350\r\n" + std::string(50'000, 'x') + "\r\n";
  auto buffered = client();
  buffered.send(chunk_head("/echo") + chunk + chunk + chunk);
  EXPECT_EQ(status_of(buffered.answer()), 413);
  auto streamed = client();
  streamed.send(chunk_head("/upload"));
  for (int i = 0; i < 21; ++i) streamed.send(chunk);
  EXPECT_EQ(status_of(streamed.answer()), 413);
  EXPECT_EQ(sink_.finished, 0u);
  EXPECT_EQ(sink_.destroyed, 1u);
}

TEST_F(HttpLimits, NoMoreThanAHeadMayBeSentAheadBehindAChunkedBody) {
  serve(small_limits());
  const std::string hello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
  for (const bool much : {false, true}) {
    std::string ahead;
    while (ahead.size() < (much ? 5000 : 3000)) ahead += hello;
    auto connection = client();
    // While the first request is handled all that is behind it arrives, so that it is read at once.
    connection.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n" + chunk_head("/nobody") + "2000\r\n" +
                    std::string(0x2000, 'x') + "\r\n0\r\n\r\n" + ahead);
    EXPECT_EQ(body_of(connection.answer()), "slow");
    const auto answer = connection.answer();
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(header_of(answer, "Connection").value_or("goes on"), much ? "close" : "goes on");
    if (much) {
      EXPECT_TRUE(connection.closes());
    } else {
      EXPECT_EQ(body_of(connection.answer()), "hello");
    }
  }
}

TEST_F(HttpLimits, LongHeadsAndTargetsHaveTheirOwnAnswers) {
  serve(small_limits());
  const std::string field = "X-Long: " + std::string(5000, 'x') + "\r\n";
  EXPECT_EQ(status_of(client().send("GET /hello HTTP/1.1\r\nHost: h\r\n" + field + "\r\n").answer()), 431);
  EXPECT_EQ(status_of(get("/hello?" + std::string(1100, 'x'))), 414);
  EXPECT_EQ(status_of(get("/hello?" + std::string(9000, 'x'))), 414);
}

TEST_F(HttpLimits, MalformedRequestsAreRefusedAndTheConnectionCloses) {
  serve(small_limits());
  const std::vector<std::pair<int, std::string>> cases = {
      {400, "NONSENSE\r\n\r\n"},
      {400, "GET  /hello HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "GET hello HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "GET /hello HTTP/1.1\r\n\r\n"},
      {400, "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {400, "GET /hello HTTP/1.1\r\nHost : h\r\n\r\n"},
      {400, "GET /hello HTTP/1.x\r\nHost: h\r\n\r\n"},
      {505, "GET /hello HTTP/2.0\r\nHost: h\r\n\r\n"},
      {400, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {400, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
      {400, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
      {400, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\nabcd"},
      {400, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\nabcd"},
      {501, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
      {501, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"},
      {400, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {400, chunk_head("/echo") + "zz\r\n"},
      {400, chunk_head("/upload") + "3\r\nabcd\r\n0\r\n\r\n"},
      {400, chunk_head("/upload") + "3;" + std::string(9000, 'x')},
  };
  for (const auto& [status, request] : cases) {
    auto connection = client();
    const auto answer = connection.send(request).answer();
    EXPECT_EQ(status_of(answer), status) << request.substr(0, 200);
    if (request.starts_with("GET hello")) continue;
    EXPECT_EQ(header_of(answer, "Connection"), "close") << request.substr(0, 200);
    EXPECT_TRUE(connection.closes()) << request.substr(0, 200);
  }
  EXPECT_EQ(sink_.finished, 0u);
}

TEST_F(HttpLimits, ASlowHeadIsAnsweredAndTheConnectionCloses) {
  serve(small_limits());
  auto connection = client();
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = connection.send("GET /hello HTTP/1.1\r\nHo").answer();
  EXPECT_EQ(status_of(answer), 408);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
  EXPECT_TRUE(connection.closes());
}

TEST_F(HttpLimits, AHeadThatDripsIsNotGivenMoreTimeByEveryByte) {
  serve(small_limits());
  auto connection = client();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 40 && connection.try_send("G"); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(status_of(connection.answer()), 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST_F(HttpLimits, AnIdleConnectionIsClosedInSilence) {
  serve(small_limits());
  auto connection = client();
  connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer();
  EXPECT_TRUE(connection.closes());
}

TEST_F(HttpLimits, AStalledBodyIsAnsweredAndItsSinkDropped) {
  serve(small_limits());
  auto connection = client();
  const auto answer = connection.send(length_head("/upload", 1000) + "abc").answer();
  EXPECT_EQ(status_of(answer), 408);
  EXPECT_TRUE(connection.closes());
  EXPECT_EQ(sink_.destroyed, 1u);
  EXPECT_EQ(sink_.finished, 0u);
}

TEST_F(HttpLimits, AClientThatStallsInARefusedBodyIsNotResetWhenItGoesOn) {
  serve(small_limits());
  auto connection = client();
  EXPECT_EQ(status_of(connection.send(length_head("/guarded", 60'000) + "abc").answer()), 401);
  EXPECT_TRUE(connection.closes());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(connection.try_send(std::string(10'000, 'x'))) << i;
}

TEST_F(HttpLimits, ABodyThatDripsIsTooSlow) {
  serve(small_limits());
  auto connection = client();
  connection.send(length_head("/upload", 1000));
  for (int i = 0; i < 30 && connection.try_send("x"); ++i) std::this_thread::sleep_for(20ms);
  EXPECT_EQ(status_of(connection.answer()), 408);
}

TEST_F(HttpLimits, ASlowSinkIsNotHeldAgainstTheClient) {
  sink_.blocked = true;
  serve(small_limits());
  auto connection = client();
  connection.send(length_head("/upload", 1'000'000) + std::string(1'000'000, 'x'));
  std::this_thread::sleep_for(600ms);
  sink_.unblock();
  EXPECT_EQ(status_of(connection.answer()), 200);
}

TEST_F(HttpLimits, AConnectionTooManyIsToldSoWhereAllOthersAreBusy) {
  auto options = small_limits();
  options.limits.connections_max = 2;
  options.limits.idle_timeout = 10s;
  serve(options);
  auto first = client();
  auto second = client();
  for (auto* busy : {&first, &second}) {
    busy->send("GET /live HTTP/1.1\r\nHost: h\r\n\r\n").until("beat");
  }
  auto third = client();
  const auto answer = third.answer();
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_EQ(header_of(answer, "Retry-After"), "1");
  EXPECT_TRUE(third.closes());
  first.close();
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(status_of(get("/hello")), 200);
}

TEST_F(HttpLimits, TooManyPartsAreRefused) {
  auto options = small_limits();
  options.limits.parts_max = 2;
  serve(options);
  std::string body;
  for (int i = 0; i < 3; ++i) body += "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n";
  body += "--B--";
  const std::string head =
      "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=B\r\n";
  const auto answer =
      client().send(head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body).answer();
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_TRUE(body_of(answer).contains("2 parts"));
}

}  // namespace
}  // namespace adit::http::test
