#include "client/http_client.h"

#include <gtest/gtest.h>

#include <fstream>

#include "client/test_server.h"

namespace adit::client {
namespace {

HttpClient client_of(const TestServer& server, const StopQuestion& stop = {}) {
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

UploadBody body_of(const std::filesystem::path& path) {
  const auto file = InputFile::open(path.string());
  EXPECT_TRUE(file);
  return {*file, 0, file->bytes()};
}

TEST(HttpClient, APartOfAFileArrivesWithTheTextAroundIt) {
  constexpr std::size_t kBytes = 3'000'001;
  const auto path = file_of(kBytes);
  TestServer server([](const Received&) { return Reply{200, ""}; });
  auto client = client_of(server);
  auto body = body_of(path);
  body.offset = 7;
  body.length = kBytes - 10;
  body.before = "before";
  body.after = "after";
  std::uint64_t last = 0;
  const auto answer = client.upload("/chunk", body, {{"Adit-Sequence", "5"}}, [&](std::uint64_t sent) {
    EXPECT_GT(sent, last);
    last = sent;
  });
  ASSERT_TRUE(answer) << answer.error().public_message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(last, body.bytes());
  const auto request = server.received().at(0);
  EXPECT_EQ(request.field("Content-Length"), std::to_string(request.body.size()));
  EXPECT_EQ(request.field("Adit-Sequence"), "5");
  std::ifstream in(path, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(request.body, "before" + content.substr(7, kBytes - 10) + "after");
  EXPECT_TRUE(client.get("/after")) << "the connection goes on";
  EXPECT_EQ(server.connections(), 1);
  std::filesystem::remove(path);
}

TEST(HttpClient, AnEmptyFileIsSentAsAnEmptyBody) {
  const auto path = file_of(0);
  TestServer server([](const Received&) { return Reply{400, "{}"}; });
  EXPECT_EQ(client_of(server).upload("/chunk", body_of(path), {}, {})->status, 400);
  std::filesystem::remove(path);
}

TEST(HttpClient, ARefusalBeforeTheEndOfAnUploadIsReadAndEndsIt) {
  const auto path = file_of(64 << 20);
  TestServer server([](const Received&) { return Reply{413, "{}", Reply::After::kKeep}; },
                    TestServer::Bodies::kIgnore);
  auto client = client_of(server);
  const auto answer = client.upload("/chunk", body_of(path), {}, {});
  ASSERT_TRUE(answer) << answer.error().public_message;
  EXPECT_EQ(answer->status, 413);
  std::filesystem::remove(path);
}

TEST(HttpClient, AFileThatBecomesShorterIsInvalid) {
  const auto path = file_of(1000);
  TestServer server([](const Received&) { return Reply{}; });
  const auto body = body_of(path);
  std::filesystem::resize_file(path, 10);
  const auto answer = client_of(server).upload("/chunk", body, {}, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kInvalid);
  std::filesystem::remove(path);
}

TEST(HttpClient, ADownloadGoesToItsSinkInPieces) {
  const std::string content(1'000'000, 'x');
  TestServer server([&](const Received&) { return Reply{200, content}; });
  auto client = client_of(server);
  std::string got;
  int pieces = 0;
  const auto answer =
      client.download(Method::kPost, "/q", "{}", {{"Accept", "text/csv"}}, [&](std::string_view bytes) {
        got += bytes;
        ++pieces;
        return Result<void>();
      });
  ASSERT_TRUE(answer) << answer.error().public_message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(got, content);
  EXPECT_GT(pieces, 1);
  EXPECT_EQ(server.received()[0].field("Accept"), "text/csv");
  EXPECT_TRUE(client.get("/after"));
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ARefusedDownloadStandsInTheAnswerWithItsRetryAfter) {
  TestServer server(
      [](const Received&) { return Reply{503, "{\"message\":\"busy\"}", {}, "Retry-After: 7\r\n"}; });
  auto client = client_of(server);
  const auto answer = client.download(Method::kGet, "/q", "", {}, [](std::string_view) -> Result<void> {
    ADD_FAILURE() << "a refusal is no content";
    return {};
  });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "{\"message\":\"busy\"}");
  EXPECT_EQ(answer->retry_after, std::chrono::seconds(7));
  EXPECT_EQ(client.get("/q")->retry_after, std::chrono::seconds(7));
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
  const auto answer = client_of(server, [&stop] { return stop.load(); }).get("/slow");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kCanceled);
}

}  // namespace
}  // namespace adit::client
