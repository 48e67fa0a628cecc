// Requests over TLS.
#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <functional>
#include <optional>

#include "base/id.h"
#include "http/test_server.h"

namespace adit::http::test {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace ssl = boost::asio::ssl;

constexpr const char* kHello = "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/// A TLS connection that trusts one certificate only.
struct Connected {
  using Prepare = std::function<void(SSL_CTX*)>;

  Connected(const std::string& address, const fs::path& trusted, const std::string& name = "localhost",
            const Prepare& prepare = {}) {
    tls.load_verify_file(trusted.string());
    tls.set_verify_mode(ssl::verify_peer);
    tls.set_verify_callback(ssl::host_name_verification(name));
    if (prepare) prepare(tls.native_handle());
    stream.emplace(context, tls);
    const auto port = static_cast<unsigned short>(std::stoi(address.substr(address.rfind(':') + 1)));
    stream->lowest_layer().connect({asio::ip::make_address("127.0.0.1"), port});
    boost::system::error_code code;
    stream->handshake(ssl::stream_base::client, code);
    if (code) error = "handshake: " + code.message();
  }

  void send(std::string_view bytes) {
    boost::system::error_code code;
    asio::write(*stream, asio::buffer(bytes), code);
  }
  /// All up to the end of the head.
  std::string answer() {
    std::string text;
    asio::read_until(*stream, asio::dynamic_buffer(text), "\r\n\r\n");
    return text;
  }
  /// All up to the end of the connection, which has to be an orderly one.
  std::string rest() {
    std::string text;
    const auto code = read_to_end(text);
    EXPECT_EQ(code, asio::error::eof) << code.message();
    return text;
  }
  /// How the connection ended.
  boost::system::error_code read_to_end(std::string& text) {
    boost::system::error_code code;
    asio::read(*stream, asio::dynamic_buffer(text), code);
    return code;
  }

  asio::io_context context;
  ssl::context tls{ssl::context::tls_client};
  std::optional<ssl::stream<asio::ip::tcp::socket>> stream;
  std::string error;
};

class Tls : public ServerTest {
 protected:
  void SetUp() override { ASSERT_TRUE(fs::create_directories(folder_)); }
  void TearDown() override { fs::remove_all(folder_); }

  TlsIdentity make(const std::vector<std::string>& names) const {
    const TlsFiles files{certificate_, key_};
    EXPECT_TRUE(keep_self_signed(files, names, SystemClock().now()).ok());
    return *TlsIdentity::load(files);
  }
  void serve_tls() {
    auto options = default_options();
    options.tls_listen = "127.0.0.1:0";
    options.certificate = make({"localhost", "127.0.0.1"});
    serve(options);
  }

  /// One request over a connection that checks the name.
  std::string ask(const std::string& name, const std::string& request,
                  const Connected::Prepare& prepare = {}) {
    Connected connected(*server_->tls_address(), certificate_, name, prepare);
    if (!connected.error.empty()) return connected.error;
    connected.send(request);
    return connected.rest();
  }
  /// The same with protocols in the form of RFC 7301.
  std::string ask_offering(const std::string& protocols) {
    return ask("localhost", kHello, [&](SSL_CTX* context) {
      const auto* bytes = reinterpret_cast<const unsigned char*>(protocols.data());
      SSL_CTX_set_alpn_protos(context, bytes, static_cast<unsigned>(protocols.size()));
    });
  }
  std::string ask_with_cipher(const char* cipher) {
    return ask("localhost", kHello, [&](SSL_CTX* context) {
      SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
      SSL_CTX_set_cipher_list(context, cipher);
    });
  }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-tls-" + Uuid::random().to_string());
  const fs::path certificate_ = folder_ / "cert.pem";
  const fs::path key_ = folder_ / "key.pem";
};

TEST_F(Tls, ServesARequestToAClientThatChecksTheNames) {
  serve_tls();
  EXPECT_EQ(body_of(ask("localhost", kHello)), "hello");
  EXPECT_EQ(body_of(ask("127.0.0.1", kHello)), "hello");
  EXPECT_TRUE(ask("elsewhere", kHello).starts_with("handshake"));
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

TEST_F(Tls, ABodyThatIsBrokenOffIsAResetForOldClients) {
  serve_tls();
  Connected connected(*server_->tls_address(), certificate_);
  ASSERT_EQ(connected.error, "");
  connected.send("GET /stream?pieces=9&fail_at=3 HTTP/1.0\r\n\r\n");
  std::string text;
  EXPECT_EQ(connected.read_to_end(text), asio::error::connection_reset) << "not even a close_notify";
}

TEST_F(Tls, RefusesOldVersions) {
  serve_tls();
  const auto old = [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION); };
  EXPECT_TRUE(ask("localhost", kHello, old).starts_with("handshake"));
}

TEST_F(Tls, StopsWhileAHandshakeIsNotFinished) {
  serve_tls();
  RawClient silent(*server_->tls_address());
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
}

TEST_F(Tls, RefusesAClientThatSpeaksOtherProtocolsOnly) {
  serve_tls();
  EXPECT_TRUE(ask_offering("\x02h2").starts_with("handshake"));
  EXPECT_EQ(body_of(ask_offering("\x02h2\x08http/1.1")), "hello");
}

TEST_F(Tls, HasForwardSecrecyUnderTls12) {
  serve_tls();
  EXPECT_EQ(body_of(ask_with_cipher("ECDHE-ECDSA-AES128-GCM-SHA256")), "hello");
  EXPECT_TRUE(ask_with_cipher("ECDHE-ECDSA-AES128-SHA").starts_with("handshake"));
}

TEST_F(Tls, ANewCertificateIsForNewConnectionsAndOpenOnesGoOn) {
  serve_tls();
  Connected old(*server_->tls_address(), certificate_);
  ASSERT_EQ(old.error, "");
  old.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
  fs::remove(certificate_);
  fs::remove(key_);
  ASSERT_TRUE(server_->use_certificate(make({"other.example"})).ok());
  EXPECT_EQ(body_of(ask("other.example", kHello)), "hello");
  EXPECT_TRUE(ask("localhost", kHello).starts_with("handshake"));
  old.send("67890");
  EXPECT_EQ(status_of(old.answer()), 200);
  EXPECT_EQ(sink_.bytes, "1234567890");
}

TEST_F(Tls, AServerWithoutTlsTakesNoCertificate) {
  serve();
  EXPECT_FALSE(server_->use_certificate(make({"localhost"})).ok());
}

TEST_F(Tls, NeedsACertificateToListen) {
  ServerOptions options;
  EXPECT_FALSE(Server::create(options, {}, {}, metrics_).ok());
}

}  // namespace
}  // namespace adit::http::test
