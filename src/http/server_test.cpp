// Requests and answers over a real socket.
#include <thread>

#include "http/test_server.h"

namespace adit::http::test {
namespace {

using HttpServer = ServerTest;

TEST_F(HttpServer, AnswersAGetWithItsFramingAndReference) {
  serve();
  const auto answer = get("/hello");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "hello");
  EXPECT_EQ(header_of(answer, "Server"), "adit");
  EXPECT_EQ(header_of(answer, "X-Request-Id")->size(), 36u);
  EXPECT_TRUE(header_of(answer, "Date")->ends_with(" GMT"));
  EXPECT_EQ(header_of(answer, "Connection"), std::nullopt);
}

TEST_F(HttpServer, KeepsTheConnectionAlive) {
  serve();
  auto connection = client();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(body_of(connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()), "hello");
  }
  const auto last = connection.send("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").answer();
  EXPECT_EQ(header_of(last, "Connection"), "close");
  EXPECT_TRUE(connection.closes());
}

TEST_F(HttpServer, SpeaksHttp10) {
  serve();
  auto connection = client();
  const auto kept = connection.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer();
  EXPECT_EQ(header_of(kept, "Connection"), "keep-alive");
  const auto last = connection.send("GET /hello HTTP/1.0\r\n\r\n").answer();
  EXPECT_EQ(body_of(last), "hello");
  EXPECT_TRUE(connection.closes());
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder) {
  serve();
  auto connection = client();
  connection.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
      "POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\n"
      "GET /items/4 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body_of(connection.answer()), "one");
  EXPECT_EQ(body_of(connection.answer()), "two");
  EXPECT_EQ(status_of(connection.answer()), 200);
  EXPECT_EQ(body_of(connection.answer()), "item;id=4;");
  EXPECT_EQ(sink_.bytes, "three");
}

TEST_F(HttpServer, ReadsAHeadThatComesByteByByte) {
  serve();
  auto connection = client();
  for (const char c : std::string_view("\r\nGET /items/7?a=b HTTP/1.1\r\nHost: h\r\n\r\n"))
    connection.send({&c, 1});
  EXPECT_EQ(body_of(connection.answer()), "item;id=7;a:b;");
}

TEST_F(HttpServer, RoutesPathsWithoutRedirects) {
  serve();
  EXPECT_EQ(body_of(get("//items///5/")), "item;id=5;");
  EXPECT_EQ(body_of(get("/items/special")), "special");
  EXPECT_EQ(body_of(get("/items/a%2Fb?x=1+2&y=%41")), "item;id=a/b;x:1 2;y:A;");
  EXPECT_EQ(body_of(get("http://somewhere/hello")), "hello");
  EXPECT_EQ(status_of(get("/Hello")), 404);
  EXPECT_EQ(status_of(get("/items/../hello")), 404);
  EXPECT_EQ(status_of(get("/items")), 404);
  EXPECT_EQ(status_of(get("/items/%zz")), 400);
  EXPECT_EQ(status_of(get("/items/a%00b")), 400);
}

TEST_F(HttpServer, NamesTheMethodsOfAPath) {
  serve();
  const auto wrong = client().send("DELETE /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer();
  EXPECT_EQ(status_of(wrong), 405);
  EXPECT_EQ(header_of(wrong, "Allow"), "GET, HEAD, OPTIONS");
  const auto options = client().send("OPTIONS /upload HTTP/1.1\r\nHost: h\r\n\r\n").answer();
  EXPECT_EQ(status_of(options), 204);
  EXPECT_EQ(header_of(options, "Allow"), "POST, OPTIONS");
  EXPECT_EQ(header_of(options, "Content-Length"), std::nullopt);
  EXPECT_EQ(status_of(client().send("BREW /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()), 405);
  EXPECT_EQ(status_of(client().send("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").answer()), 204);
}

TEST_F(HttpServer, AnswersHeadLikeGetWithoutABody) {
  serve();
  auto connection = client();
  const auto head = connection.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer(true);
  EXPECT_EQ(header_of(head, "Content-Length"), "5");
  EXPECT_EQ(body_of(connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()), "hello");
}

TEST_F(HttpServer, FramesAnswersWithoutABody) {
  serve();
  auto connection = client();
  const auto none = connection.send("GET /empty HTTP/1.1\r\nHost: h\r\n\r\n").answer();
  EXPECT_EQ(status_of(none), 204);
  EXPECT_EQ(header_of(none, "Content-Length"), std::nullopt);
  const auto empty =
      connection.send("POST /nobody HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody").answer();
  EXPECT_EQ(status_of(empty), 200);
  EXPECT_EQ(header_of(empty, "Content-Length"), "0");
}

TEST_F(HttpServer, WritesALargeAnswerWhole) {
  serve();
  const auto answer = get("/large");
  EXPECT_EQ(body_of(answer), std::string(4 << 20, 'x'));
}

TEST_F(HttpServer, TurnsAnExceptionOfAHandlerIntoAnInternalErrorWithoutItsText) {
  serve();
  const auto answer = get("/fails");
  EXPECT_EQ(status_of(answer), 500);
  EXPECT_FALSE(answer.contains("secret"));
}

TEST_F(HttpServer, SaysWithEvery503WhenToComeAgain) {
  serve();
  EXPECT_EQ(header_of(get("/later"), "Retry-After"), "1");
}

TEST_F(HttpServer, CountsRequestsAndConnections) {
  serve();
  auto connection = client();
  connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer();
  connection.send("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n").answer();
  server_->stop();
  const auto text = metrics_.text();
  EXPECT_TRUE(text.contains(R"(adit_http_requests_total{method="GET",status="200"} 1)")) << text;
  EXPECT_TRUE(text.contains(R"(adit_http_requests_total{method="GET",status="404"} 1)")) << text;
  EXPECT_TRUE(text.contains("adit_http_connections 0")) << text;
}

/// One worker, which an upload keeps.
class HttpBusyWorker : public ServerTest {
 protected:
  void SetUp() override {
    auto options = default_options();
    options.workers = 1;
    options.worker_wait_max = 50ms;
    serve(options);
    begun_ = std::make_unique<RawClient>(client());
    begun_->send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nhi");
    ASSERT_TRUE(sink_.wait_for([&] { return sink_.opened == 1; }));
    sink_.blocked = true;
    running_ = std::make_unique<RawClient>(client());
    running_->send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    ASSERT_TRUE(sink_.wait_for([&] { return !sink_.names.empty(); }));
    waiting_ = std::make_unique<RawClient>(client());
    waiting_->send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    std::this_thread::sleep_for(500ms);
  }
  static void expect_to_come_again(std::string_view answer) {
    EXPECT_EQ(status_of(answer), 503) << answer;
    EXPECT_EQ(header_of(answer, "Retry-After"), "1");
  }

  std::unique_ptr<RawClient> begun_;  ///< an upload whose body is not whole yet
  std::unique_ptr<RawClient> running_;
  std::unique_ptr<RawClient> waiting_;
};

TEST_F(HttpBusyWorker, RequestsAre503WhileOneHasWaitedForLongAndWhatHasBegunGoesOn) {
  expect_to_come_again(get("/hello"));
  expect_to_come_again(
      client().send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n12345").answer());
  EXPECT_EQ(sink_.opened, 2U);
  begun_->send("ho");
  sink_.unblock();
  EXPECT_EQ(status_of(begun_->answer()), 200);
  EXPECT_EQ(status_of(running_->answer()), 200);
  EXPECT_EQ(status_of(waiting_->answer()), 200);
  EXPECT_EQ(status_of(get("/hello")), 200);
}

TEST_F(HttpBusyWorker, WhatNeedsNoneIsAnswered) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(body_of(get("/alive")), "alive");
    EXPECT_EQ(body_of(get("/ready")), "ready");
  }
  sink_.unblock();
}

TEST(HttpServerCreation, RefusesTwoRoutesOfTheSameMethodAndPath) {
  Metrics metrics;
  ServerOptions options;
  options.tls_listen.reset();
  const auto handle = [](const Request&) { return Response::empty(200); };
  const auto server = Server::create(
      options, {{Method::kGet, "/a/{x}", {}, {}, handle, {}}, {Method::kGet, "/a/{y}/", {}, {}, handle, {}}},
      {}, metrics);
  ASSERT_FALSE(server.ok());
}

TEST(HttpServerCreation, CanBeStoppedWithoutHavingStarted) {
  Metrics metrics;
  ServerOptions options;
  options.tls_listen.reset();
  auto server = Server::create(options, {}, {}, metrics);
  ASSERT_TRUE(server.ok());
  (*server)->stop();
}

TEST(HttpServerCreation, SaysWhyItCanNotListen) {
  Metrics metrics;
  ServerOptions options;
  options.tls_listen.reset();
  options.listen = "127.0.0.1";
  auto server = Server::create(options, {}, {}, metrics);
  ASSERT_TRUE(server.ok());
  const auto started = (*server)->start();
  ASSERT_FALSE(started.ok());
  EXPECT_TRUE(started.error().public_message.contains("HOST:PORT"));
}

}  // namespace
}  // namespace adit::http::test
