#include "client/http_client.h"

#include <gtest/gtest.h>

#include <fstream>

#include "client/test_server.h"

namespace adit::client {
namespace {

HttpClient client_of(const TestServer& server, const std::atomic<bool>* stop = nullptr) {
  HttpClientOptions options;
  options.url = *parse_base_url(server.url() + "/prefix");
  options.key = "secret";
  options.stop = stop;
  return HttpClient(std::move(options));
}

std::filesystem::path file_of(std::size_t bytes) {
  const auto path =
      std::filesystem::temp_directory_path() / ("adit-http-client-" + std::to_string(::getpid()));
  std::ofstream out(path, std::ios::binary);
  for (std::size_t i = 0; i < bytes; ++i) out.put(static_cast<char>(i * 31 % 251));
  return path;
}

TEST(HttpClient, RequestsShareOneConnectionAndCarryTheKey) {
  TestServer server([](const Received&) { return Reply{200, "{}"}; });
  auto client = client_of(server);
  ASSERT_TRUE(client.get("/a"));
  ASSERT_TRUE(client.post("/b", R"({"x":1})"));
  ASSERT_TRUE(client.remove("/c"));
  const auto received = server.received();
  ASSERT_EQ(received.size(), 3U);
  EXPECT_EQ(received[0].path, "/prefix/a");
  EXPECT_EQ(received[0].field("Authorization"), "Bearer secret");
  EXPECT_EQ(received[0].field("Host"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(received[1].body, R"({"x":1})");
  EXPECT_EQ(received[1].field("Content-Type"), "application/json");
  EXPECT_EQ(received[2].method, "DELETE");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, AnApplicationKeyIsFoundOutByItsRefusalAsBearer) {
  TestServer server([](const Received& request) {
    return Reply{request.field("Authorization") == "AppKey secret" ? 200 : 401, "{}"};
  });
  auto client = client_of(server);
  EXPECT_EQ(client.get("/a")->status, 200);
  EXPECT_EQ(client.get("/b")->status, 200);
  EXPECT_EQ(server.received().size(), 3U);
}

TEST(HttpClient, ARefusedKeyIsAnAnswerOf401) {
  TestServer server([](const Received&) { return Reply{401, "{}"}; });
  EXPECT_EQ(client_of(server).get("/a")->status, 401);
}

TEST(HttpClient, AFileArrivesWholeAsTheFieldFile) {
  constexpr std::size_t kBytes = 3'000'001;
  const auto path = file_of(kBytes);
  TestServer server([](const Received&) { return Reply{200, ""}; });
  auto client = client_of(server);
  std::uint64_t last = 0;
  const auto answer = client.post_file("/chunk", path, [&](std::uint64_t sent) {
    EXPECT_GT(sent, last);
    last = sent;
  });
  ASSERT_TRUE(answer) << answer.error().public_message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(last, kBytes);
  const auto request = server.received().at(0);
  EXPECT_EQ(request.field("Content-Length"), std::to_string(request.body.size()));
  std::ifstream in(path, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(in), {});
  const auto start = request.body.find("\r\n\r\n") + 4;
  EXPECT_EQ(request.body.substr(start, kBytes), content);
  EXPECT_NE(request.body.find("name=\"file\""), std::string::npos);
  const std::string boundary =
      request.field("Content-Type").substr(std::strlen("multipart/form-data; boundary="));
  EXPECT_EQ(request.body.substr(start + kBytes), "\r\n--" + boundary + "--\r\n");
  EXPECT_TRUE(client.get("/after")) << "the connection goes on";
  EXPECT_EQ(server.connections(), 1);
  std::filesystem::remove(path);
}

TEST(HttpClient, AnEmptyFileIsSentAsAnEmptyPart) {
  const auto path = file_of(0);
  TestServer server([](const Received&) { return Reply{400, "{}"}; });
  EXPECT_EQ(client_of(server).post_file("/chunk", path, {})->status, 400);
  std::filesystem::remove(path);
}

TEST(HttpClient, ARefusalBeforeTheEndOfAnUploadIsReadAndEndsIt) {
  const auto path = file_of(64 << 20);
  TestServer server([](const Received&) { return Reply{413, "{}", Reply::After::kKeep}; },
                    TestServer::Bodies::kIgnore);
  auto client = client_of(server);
  const auto answer = client.post_file("/chunk", path, {});
  ASSERT_TRUE(answer) << answer.error().public_message;
  EXPECT_EQ(answer->status, 413);
  std::filesystem::remove(path);
}

TEST(HttpClient, AMissingFileIsInvalidAndNothingIsSent) {
  TestServer server([](const Received&) { return Reply{}; });
  const auto answer = client_of(server).post_file("/chunk", "/nonexistent/file", {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kInvalid);
  EXPECT_TRUE(server.received().empty());
}

TEST(HttpClient, NoServerIsUnavailable) {
  HttpClientOptions options;
  options.url = *parse_base_url("http://127.0.0.1:1");
  const auto answer = HttpClient(options).get("/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(answer.error().public_message.find("http://127.0.0.1:1"), std::string::npos);
}

TEST(HttpClient, AGetIsRepeatedOnceWhereTheKeptConnectionWasClosed) {
  int calls = 0;
  TestServer server([&calls](const Received&) {
    return ++calls == 2 ? Reply{200, "", Reply::After::kHangUp} : Reply{200, "{}"};
  });
  auto client = client_of(server);
  ASSERT_TRUE(client.get("/a"));
  ASSERT_TRUE(client.get("/b"));
  EXPECT_EQ(server.received().size(), 3U);
}

TEST(HttpClient, APostIsNeverRepeated) {
  int calls = 0;
  TestServer server([&calls](const Received&) {
    return ++calls == 2 ? Reply{200, "", Reply::After::kHangUp} : Reply{200, "{}"};
  });
  auto client = client_of(server);
  ASSERT_TRUE(client.get("/a"));
  const auto answer = client.post("/b", "{}");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(server.received().size(), 2U);
}

TEST(HttpClient, TheStopFlagEndsAWait) {
  std::atomic<bool> stop{false};
  TestServer server([&stop](const Received&) {
    stop = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return Reply{200, "{}"};
  });
  const auto answer = client_of(server, &stop).get("/slow");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kCanceled);
}

}  // namespace
}  // namespace adit::client
