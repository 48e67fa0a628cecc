// stop() while clients are connected.
#include <future>
#include <thread>

#include "http/test_server.h"

namespace adit::http::test {
namespace {

using HttpShutdown = ServerTest;

std::chrono::milliseconds stop_and_measure(Server& server) {
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

TEST_F(HttpShutdown, ClosesIdleConnectionsAtOnce) {
  serve();
  auto unused = client();
  auto idle = client();
  idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer();
  EXPECT_LT(stop_and_measure(*server_), 1s);
  EXPECT_TRUE(idle.closes());
  server_->stop();
}

TEST_F(HttpShutdown, LetsARunningRequestFinishAndSaysThatTheConnectionCloses) {
  serve();
  auto connection = client();
  connection.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  std::this_thread::sleep_for(100ms);
  auto stopped = std::async(std::launch::async, [&] { server_->stop(); });
  const auto answer = connection.answer();
  EXPECT_EQ(body_of(answer), "slow");
  EXPECT_EQ(header_of(answer, "Connection"), "close");
  EXPECT_TRUE(connection.closes());
  connection.close();
  stopped.get();
}

TEST_F(HttpShutdown, LetsARunningUploadFinish) {
  serve();
  auto connection = client();
  connection.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nfour");
  EXPECT_TRUE(sink_.wait_for([&] { return sink_.opened == 1; }));
  auto stopped = std::async(std::launch::async, [&] { server_->stop(); });
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(status_of(connection.send("more").answer()), 200);
  EXPECT_EQ(sink_.bytes, "fourmore");
  connection.close();
  stopped.get();
}

TEST_F(HttpShutdown, CancelsAnUploadThatDoesNotEndInTime) {
  auto options = default_options();
  options.drain_timeout = 200ms;
  serve(options);
  auto connection = client();
  connection.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nfour");
  EXPECT_TRUE(sink_.wait_for([&] { return sink_.opened == 1; }));
  const auto took = stop_and_measure(*server_);
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 2s);
  EXPECT_EQ(sink_.destroyed, 1u);
  EXPECT_EQ(sink_.finished, 0u);
}

TEST_F(HttpShutdown, CanBeFollowedByAnotherStart) {
  serve();
  EXPECT_EQ(status_of(get("/hello")), 200);
  server_->stop();
  ASSERT_TRUE(server_->start().ok());
  EXPECT_EQ(status_of(get("/hello")), 200);
}

TEST_F(HttpShutdown, ServesFromSeveralIoThreads) {
  auto options = default_options();
  options.io_threads = 3;
  serve(options);
  std::vector<std::future<int>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::async(std::launch::async, [&] {
      auto connection = client();
      int good = 0;
      for (int j = 0; j < 50; ++j) {
        good += status_of(connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()) == 200 ? 1 : 0;
      }
      return good;
    }));
  }
  for (auto& good : clients) EXPECT_EQ(good.get(), 50);
  server_->stop();
}

}  // namespace
}  // namespace adit::http::test
