#include "http/tls.h"

#include <openssl/ssl.h>

#include <string>

namespace adit::http {
namespace {

namespace ssl = boost::asio::ssl;

int select_http11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                  unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  const int found =
      SSL_select_next_proto(&selected, out_size, kOurs, sizeof kOurs - 1, offered, offered_size);
  *out = selected;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Error unusable(const std::string& what, const std::filesystem::path& path,
               const boost::system::error_code& error) {
  return {ErrorKind::kInvalid, "The TLS " + what + " can't be used.", path.string() + ": " + error.message()};
}

}  // namespace

Result<std::unique_ptr<ssl::context>> make_tls_context(const std::filesystem::path& certificate,
                                                       const std::filesystem::path& key) {
  try {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(native, select_http11, nullptr);
    boost::system::error_code error;
    context->use_certificate_chain_file(certificate.string(), error);
    if (error) return unusable("certificate", certificate, error);
    context->use_private_key_file(key.string(), ssl::context::pem, error);
    if (error) return unusable("key", key, error);
    return context;
  } catch (const std::exception& exception) {
    return internal(std::string("TLS context: ") + exception.what());
  }
}

}  // namespace adit::http
