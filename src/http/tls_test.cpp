// The self-signed certificate, and requests over TLS.
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>

#include "base/id.h"
#include "http/test_server.h"

namespace adit::http::test {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace ssl = boost::asio::ssl;

class Tls : public ServerTest {
 protected:
  void SetUp() override { ASSERT_TRUE(fs::create_directories(folder_)); }
  void TearDown() override { fs::remove_all(folder_); }

  void serve_tls() {
    ASSERT_TRUE(ensure_self_signed_certificate(certificate_, key_, {"localhost", "127.0.0.1"}).ok());
    auto options = default_options();
    options.tls_listen = "127.0.0.1:0";
    options.tls_certificate = certificate_;
    options.tls_key = key_;
    serve(options);
  }

  /// One request over a connection that trusts only the generated certificate and checks the name.
  std::string ask(const std::string& name, const std::string& request, int max_version = 0) {
    asio::io_context context;
    ssl::context tls(ssl::context::tls_client);
    tls.load_verify_file(certificate_.string());
    tls.set_verify_mode(ssl::verify_peer);
    tls.set_verify_callback(ssl::host_name_verification(name));
    if (max_version != 0) SSL_CTX_set_max_proto_version(tls.native_handle(), max_version);
    ssl::stream<asio::ip::tcp::socket> stream(context, tls);
    const auto address = *server_->tls_address();
    const auto port = static_cast<unsigned short>(std::stoi(address.substr(address.rfind(':') + 1)));
    stream.lowest_layer().connect({asio::ip::make_address("127.0.0.1"), port});
    boost::system::error_code error;
    stream.handshake(ssl::stream_base::client, error);
    if (error) return "handshake: " + error.message();
    asio::write(stream, asio::buffer(request), error);
    std::string answer;
    asio::read(stream, asio::dynamic_buffer(answer), error);
    EXPECT_EQ(error, asio::error::eof) << error.message();
    return answer;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-tls-" + Uuid::random().to_string());
  const fs::path certificate_ = folder_ / "cert.pem";
  const fs::path key_ = folder_ / "key.pem";
};

TEST_F(Tls, ServesARequestToAClientThatChecksTheNames) {
  serve_tls();
  const std::string request = "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(body_of(ask("localhost", request)), "hello");
  EXPECT_EQ(body_of(ask("127.0.0.1", request)), "hello");
  EXPECT_TRUE(ask("elsewhere", request).starts_with("handshake"));
}

TEST_F(Tls, TakesAnUploadAndGivesALargeAnswer) {
  serve_tls();
  const std::string bytes(3'000'000, 'r');
  const auto uploaded =
      ask("localhost", "POST /upload HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " +
                           std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
  EXPECT_EQ(status_of(uploaded), 200);
  EXPECT_TRUE(sink_.bytes == bytes);
  const auto large = ask("localhost", "GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(body_of(large).size(), std::size_t{4} << 20);
}

TEST_F(Tls, RefusesABodyInAWayThatTheClientCanRead) {
  serve_tls();
  const std::string bytes(3'000'000, 'r');
  const auto refused = ask("localhost", "POST /guarded HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                                            std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
  EXPECT_EQ(status_of(refused), 401);
}

TEST_F(Tls, RefusesOldVersions) {
  serve_tls();
  EXPECT_TRUE(
      ask("localhost", "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n", TLS1_1_VERSION).starts_with("handshake"));
}

TEST_F(Tls, StopsWhileAHandshakeIsNotFinished) {
  serve_tls();
  RawClient silent(*server_->tls_address());
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
}

TEST_F(Tls, TheCertificateIsMadeOnceAndItsKeyIsPrivate) {
  ASSERT_TRUE(ensure_self_signed_certificate(certificate_, key_, {"localhost", "::1", "host.example"}).ok());
  struct stat status{};
  ASSERT_EQ(::stat(key_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto first = read_file(certificate_, 1 << 20);
  ASSERT_TRUE(ensure_self_signed_certificate(certificate_, key_, {"other"}).ok());
  EXPECT_EQ(*read_file(certificate_, 1 << 20), *first);
}

TEST_F(Tls, ACertificateNeedsNames) {
  EXPECT_FALSE(ensure_self_signed_certificate(certificate_, key_, {}).ok());
  EXPECT_FALSE(ensure_self_signed_certificate(certificate_, key_, {"a,IP:1.2.3.4"}).ok());
  EXPECT_FALSE(fs::exists(key_));
}

TEST_F(Tls, AMissingCertificateIsNamedWithoutItsPath) {
  ServerOptions options;
  options.tls_certificate = certificate_;
  options.tls_key = key_;
  const auto server = Server::create(options, {}, {}, metrics_);
  ASSERT_FALSE(server.ok());
  EXPECT_FALSE(server.error().public_message.contains(folder_.string()));
}

}  // namespace
}  // namespace adit::http::test
