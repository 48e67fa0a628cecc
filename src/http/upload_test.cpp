// Bodies on their way to a sink, over a real socket.
#include <algorithm>
#include <thread>

#include "http/test_server.h"

namespace adit::http::test {
namespace {

using HttpUpload = ServerTest;

constexpr std::size_t kSeveralBlocks = 3'000'001;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
  return bytes;
}

std::string upload_head(std::string_view path, std::string_view fields) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

std::string with_length(std::size_t size) { return "Content-Length: " + std::to_string(size) + "\r\n"; }

std::string chunked(std::string_view bytes, std::size_t chunk_bytes) {
  std::string text;
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, chunk_bytes);
    char size[20];
    std::snprintf(size, sizeof size, "%zx", piece.size());
    text += std::string(size) + ";note=\"x\"\r\n" + std::string(piece) + "\r\n";
    bytes.remove_prefix(piece.size());
  }
  return text + "0\r\nTrailer-Field: y\r\n\r\n";
}

std::string multipart(const std::vector<std::string>& contents) {
  std::string body = "preamble";
  for (const auto& content : contents) {
    body +=
        "\r\n--BOUND\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\r\n" + content;
  }
  return body + "\r\n--BOUND--\r\nepilogue";
}

constexpr std::string_view kMultipart = "Content-Type: multipart/form-data; boundary=\"BOUND\"\r\n";

TEST_F(HttpUpload, ARawBodyIsOnePart) {
  serve();
  const auto bytes = pattern(kSeveralBlocks);
  auto connection = client();
  const auto answer = connection.send(upload_head("/upload", with_length(bytes.size()))).send(bytes).answer();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(header_of(answer, "Content-Length"), "0");
  EXPECT_TRUE(sink_.bytes == bytes);
  EXPECT_EQ(sink_.names, std::vector<std::string>{"-"});
  EXPECT_EQ(sink_.finished, 1u);
  EXPECT_EQ(body_of(connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()), "hello");
}

TEST_F(HttpUpload, AnEmptyRawBodyIsOneEmptyPart) {
  serve();
  EXPECT_EQ(status_of(client().send(upload_head("/upload", with_length(0))).answer()), 200);
  EXPECT_EQ(sink_.parts_ended, 1u);
  EXPECT_EQ(sink_.finished, 1u);
}

TEST_F(HttpUpload, ChunkedBodiesOfAnyChunkSizeArriveWhole) {
  serve();
  const auto bytes = pattern(kSeveralBlocks);
  auto connection = client();
  std::string expected;
  for (const std::size_t chunk_bytes : {7UL, 4096UL, 700'000UL}) {
    const auto part = bytes.substr(0, chunk_bytes == 7 ? 100'000 : bytes.size());
    expected += part;
    connection.send(upload_head("/upload", "Transfer-Encoding: chunked\r\n"))
        .send(chunked(part, chunk_bytes));
    EXPECT_EQ(status_of(connection.answer()), 200);
    EXPECT_TRUE(sink_.bytes == expected) << "chunks of " << chunk_bytes;
  }
}

TEST_F(HttpUpload, MultipartPartsReachTheSinkInOrder) {
  serve();
  const auto bytes = pattern(kSeveralBlocks);
  const auto body = multipart({bytes, "", "second"});
  const auto head = upload_head("/upload", with_length(body.size()) + std::string(kMultipart));
  EXPECT_EQ(status_of(client().send(head).send(body).answer()), 200);
  EXPECT_TRUE(sink_.bytes == bytes + "second");
  EXPECT_EQ(sink_.names, (std::vector<std::string>{"file", "file", "file"}));
  EXPECT_EQ(sink_.parts_ended, 3u);
}

TEST_F(HttpUpload, ABoundaryThatNeverEndsIsRefused) {
  serve();
  auto body = multipart({"rows"});
  body.resize(body.rfind("\r\n--BOUND--"));
  const auto head = upload_head("/upload", with_length(body.size()) + std::string(kMultipart));
  const auto answer = client().send(head).send(body).answer();
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_TRUE(body_of(answer).contains("closing boundary"));
  EXPECT_EQ(sink_.finished, 0u);
  EXPECT_EQ(sink_.destroyed, 1u);
}

TEST_F(HttpUpload, AMultipartBodyWithoutABoundaryIsRefusedBeforeASinkIsOpened) {
  serve();
  const auto head = upload_head("/upload", with_length(3) + "Content-Type: multipart/form-data\r\n");
  EXPECT_EQ(status_of(client().send(head).send("abc").answer()), 400);
  EXPECT_EQ(sink_.opened, 0u);
}

TEST_F(HttpUpload, TheSinkHasNothingToDoBeforeTheBodyIsWholeOrLarge) {
  serve();
  const auto bytes = pattern(200'000);
  for (const auto& fields : {with_length(bytes.size()), std::string("Transfer-Encoding: chunked\r\n")}) {
    auto slow = client();
    slow.send(upload_head("/upload", fields));
    slow.send(fields.starts_with("T") ? chunked(bytes, 1000).substr(0, 100'000) : bytes.substr(0, 100'000));
    slow.close();
  }
  ASSERT_TRUE(sink_.wait_for([&] { return sink_.destroyed == 2; }));
  EXPECT_TRUE(sink_.names.empty());
  auto fast = client();
  fast.send(upload_head("/upload", with_length(bytes.size()))).send(bytes.substr(0, 150'000));
  ASSERT_TRUE(sink_.wait_for([&] { return !sink_.bytes.empty(); }));
  EXPECT_EQ(status_of(fast.send(bytes.substr(150'000)).answer()), 200);
  EXPECT_TRUE(sink_.bytes == bytes);
}

TEST_F(HttpUpload, AClientThatVanishesLeavesNothingFinished) {
  serve();
  {
    auto connection = client();
    connection.send(upload_head("/upload", with_length(1'000'000))).send(pattern(600'000));
  }
  EXPECT_TRUE(sink_.wait_for([&] { return sink_.destroyed == 1; }));
  EXPECT_EQ(sink_.finished, 0u);
}

TEST_F(HttpUpload, ASinksErrorIsAnsweredWhileTheClientStillSends) {
  sink_.fail_after = 1'000'000;
  serve();
  auto connection = client();
  const auto bytes = pattern(40'000'000);
  const auto answer = connection.send(upload_head("/upload", with_length(bytes.size()))).send(bytes).answer();
  EXPECT_EQ(status_of(answer), 409);
  EXPECT_EQ(header_of(answer, "Connection"), "close");
  EXPECT_LT(sink_.bytes.size(), 3'000'000u);
  EXPECT_EQ(sink_.destroyed, 1u);
}

TEST_F(HttpUpload, ASinksErrorDoesNotWaitForAClientThatHasStalled) {
  sink_.fail_after = 100'000;
  serve();
  auto connection = client();
  connection.send(upload_head("/upload", with_length(2'000'000))).send(pattern(600'000));
  EXPECT_EQ(status_of(connection.answer()), 409);
}

TEST_F(HttpUpload, AnAcceptedExpectationIsToldToGoOn) {
  serve();
  auto connection = client();
  connection.send(upload_head("/guarded", with_length(4) + "Expect: 100-continue\r\nX-Key: yes\r\n"));
  EXPECT_TRUE(connection.answer().starts_with("HTTP/1.1 100 Continue\r\n\r\n"));
  EXPECT_TRUE(sink_.wait_for([&] { return sink_.opened == 1; }));
  EXPECT_EQ(status_of(connection.send("rows").answer()), 200);
  EXPECT_EQ(sink_.bytes, "rows");
  connection.send(upload_head("/guarded-echo", with_length(4) + "expect: 100-Continue\r\nX-Key: yes\r\n"));
  EXPECT_EQ(status_of(connection.answer()), 100);
  EXPECT_EQ(body_of(connection.send("rows").answer()), "rows");
}

TEST_F(HttpUpload, ARefusedExpectationGetsTheFinalAnswerOnly) {
  serve();
  for (const std::string path : {"/guarded", "/guarded-echo"}) {
    auto connection = client();
    connection.send(upload_head(path, with_length(4'000'000) + "Expect: 100-continue\r\n"));
    const auto answer = connection.answer();
    EXPECT_EQ(status_of(answer), 401);
    EXPECT_EQ(header_of(answer, "Connection"), "close");
    EXPECT_TRUE(connection.closes());
  }
  EXPECT_EQ(sink_.opened, 0u);
}

TEST_F(HttpUpload, AnUnknownExpectationIsRefused) {
  serve();
  const auto head = upload_head("/upload", with_length(4) + "Expect: something\r\n");
  EXPECT_EQ(status_of(client().send(head).answer()), 417);
}

TEST_F(HttpUpload, ASmallRefusedBodyLeavesTheConnectionUsable) {
  serve();
  auto connection = client();
  connection.send(upload_head("/guarded", with_length(1000))).send(std::string(500, 'x'));
  EXPECT_EQ(status_of(connection.answer()), 401);
  connection.send(std::string(500, 'x'));
  EXPECT_EQ(body_of(connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()), "hello");
}

TEST_F(HttpUpload, ARefusedBodyOfSeveralBlocksLeavesTheConnectionUsable) {
  serve();
  for (const std::size_t size : {17'000UL, 65'536UL}) {
    auto connection = client();
    connection.send(upload_head("/guarded", with_length(size)) + pattern(size));
    EXPECT_EQ(status_of(connection.answer()), 401) << size;
    EXPECT_EQ(body_of(connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()), "hello") << size;
  }
}

TEST_F(HttpUpload, ARefusedBodyMayComeSlowly) {
  serve();
  auto connection = client();
  connection.send(upload_head("/guarded", with_length(10 * 6000)));
  for (int i = 0; i < 10 && connection.try_send(std::string(6000, 'x')); ++i)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(status_of(connection.answer()), 401);
  EXPECT_EQ(body_of(connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").answer()), "hello");
}

TEST_F(HttpUpload, ALargeRefusedBodyIsReadAwaySoThatTheClientSeesTheAnswer) {
  serve();
  auto connection = client();
  connection.send(upload_head("/guarded", with_length(20'000'000))).send(pattern(20'000'000));
  EXPECT_EQ(status_of(connection.answer()), 401);
  EXPECT_TRUE(connection.closes());
}

}  // namespace
}  // namespace adit::http::test
