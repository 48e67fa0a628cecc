// Pushes through nginx as packaging/proxy/nginx.conf sets it up.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "serving/nginx.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

sockaddr_in endpoint(const std::string& address) {
  sockaddr_in found{};
  const auto colon = address.rfind(':');
  found.sin_family = AF_INET;
  found.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &found.sin_addr);
  return found;
}

/// A socket on which a test reads as much as has come.
class Plain {
 public:
  explicit Plain(int descriptor) : descriptor_(descriptor) {
    const timeval timeout{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  }
  /// A connection from the address `from`.
  Plain(const std::string& from, const std::string& to)
      : Plain(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto local = endpoint(from + ":0");
    const auto remote = endpoint(to);
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0 ||
        ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) != 0) {
      throw std::runtime_error("no connection to " + to);
    }
  }
  ~Plain() { ::close(descriptor_); }
  Plain(Plain&&) = delete;

  int get() const { return descriptor_; }
  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// All that comes until `mark` has; what has come where it does not within 20 s.
  std::string until(std::string_view mark) const {
    std::string text;
    char buffer[4096];
    while (text.find(mark) == std::string::npos) {
      const auto count = ::recv(descriptor_, buffer, sizeof buffer, 0);
      if (count <= 0) return text;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  const int descriptor_;
};

class BehindNginx : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({.flags = {"--trusted-proxy", "127.0.0.1", "--hsts", "600"}});
    if (Nginx::installed()) {
      nginx_ = std::make_unique<Nginx>(server_of_suite().address(), server_of_suite().data() / "tls");
    }
  }
  static void TearDownTestSuite() {
    nginx_.reset();
    ServerTest::TearDownTestSuite();
  }
  void SetUp() override {
    ServerTest::SetUp();
    if (!nginx_) GTEST_SKIP() << "nginx is not installed: tools/setup test";
  }
  PoolClient proxied() {
    return PoolClient(Http(nginx_->tls_address(), server().admin_key(), Security::kTls), pool().pool());
  }
  void wait_for_log(const std::string& part) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (server().log().find(part) == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing says " << part << "\n"
                                                            << server().log();
    }
  }

  static std::unique_ptr<Nginx> nginx_;
};

std::unique_ptr<Nginx> BehindNginx::nginx_;

TEST_F(BehindNginx, AJobOfSeveralChunksLands) {
  auto client = proxied();
  client.push_done(csv_job("DELTA", "t", {{"keys", {"id"}}}),
                   {"id,v\n1,a\n2,b\n", "id,v\n2,c\n", "id,v\n3,d\n"});
  EXPECT_EQ(client.rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"1", "a"}, {"2", "c"}, {"3", "d"}}));
}

TEST_F(BehindNginx, ALargeUploadAndALargeDownloadPass) {
  const auto bytes = csv_of("SELECT i AS id, repeat('x', 200) AS v FROM range(200000) r(i)");
  ASSERT_GT(bytes.size(), 40'000'000U);
  auto client = proxied();
  client.push_done(csv_job("REPLACE", "large"), {bytes});
  EXPECT_EQ(client.value("SELECT count(*) FROM large"), "200000");
  const auto rows =
      client.http().send({.method = "GET",
                          .target = "/adit/api/v1/pools/" + pool().pool() + "/tables/large/rows",
                          .headers = {{"Accept", "text/csv"}}});
  EXPECT_EQ(rows.status, 200);
  EXPECT_EQ(std::ranges::count(rows.body, '\n'), 200'001);
}

TEST_F(BehindNginx, AnUploadReachesTheServerBeforeItIsWhole) {
  auto client = proxied();
  const auto job = client.create_job(csv_job("REPLACE", "t"));
  const std::string begin = "id\n" + std::string(3'000'000, '1');
  RawConnection upload(nginx_->tls_address(), Security::kTls);
  upload.send("POST " + client.chunks_path(job) + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
              server().admin_key() + "\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
              std::to_string(begin.size() + 1) + "\r\n\r\n" + begin);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (server().chunk_files(pool().pool()).empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nginx holds the upload back";
  }
  upload.send("\n");
  EXPECT_EQ(upload.read_response().status, 200);
}

TEST_F(BehindNginx, TheClientIsTheOneThatNginxSees) {
  const Plain client("127.0.0.9", nginx_->address());
  client.send(
      "GET /told HTTP/1.1\r\nHost: push.example:81\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: "
      "for=1.2.3.4;proto=https\r\n"
      "X-Forwarded-Proto: https\r\n\r\n");
  const auto answer = client.until("\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404")) << answer;
  EXPECT_EQ(answer.find("Strict-Transport-Security"), std::string::npos) << answer;
  wait_for_log("path=/told ");
  const auto log = server().log();
  const auto line = log.substr(log.find("path=/told "));
  EXPECT_NE(line.substr(0, line.find('\n')).find(" peer=127.0.0.9 proxy=127.0.0.1 "), std::string::npos)
      << line;
}

TEST_F(BehindNginx, TlsThatEndsAtNginxIsTls) {
  Http http(nginx_->tls_address(), server().admin_key(), Security::kTls);
  EXPECT_EQ(http.get("/healthz").header("strict-transport-security"), "max-age=600");
}

/// A server of the test's own stands behind nginx: it says when it sends the next event. Its answer has no
/// chunks, since nginx passes each chunk on as it comes, whatever the configuration says of buffers.
TEST(BehindNginxAlone, AnEventReachesTheClientBeforeTheNextIsSent) {
  if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed: tools/setup test";
  Server certificate;  // makes the files that nginx shows
  certificate.start();
  const Plain listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto here = endpoint("127.0.0.1:0");
  socklen_t size = sizeof here;
  auto* generic = reinterpret_cast<sockaddr*>(&here);
  ASSERT_EQ(::bind(listener.get(), generic, size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), generic, &size), 0);
  const Nginx nginx("127.0.0.1:" + std::to_string(ntohs(here.sin_port)), certificate.data() / "tls");
  const Plain client("127.0.0.1", nginx.address());
  client.send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  const Plain source(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(source.until("\r\n\r\n").starts_with("GET /events HTTP/1.1\r\n"));
  source.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
  for (const std::string event : {"data: one\n\n", "data: two\n\n"}) {
    source.send(event);
    EXPECT_NE(client.until(event).find(event), std::string::npos) << "nginx holds the event back";
  }
}

}  // namespace
}  // namespace adit::test
