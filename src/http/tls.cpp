#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

#include "http/openssl_types.h"

namespace adit::http {
namespace {

namespace ssl = boost::asio::ssl;

/// Of TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has no others.
constexpr const char* kCiphersOfTls12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
/// Sessions that can be resumed, and for how long.
constexpr long kSessionsMax = 2048;
constexpr long kSessionSeconds = 3600;

/// A client that offers protocols without this one could not read the answer (RFC 7301 §3.2).
int select_http11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                  unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  const int found =
      SSL_select_next_proto(&selected, out_size, kOurs, sizeof kOurs - 1, offered, offered_size);
  *out = selected;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Sessions are kept here and not in tickets: a ticket is encrypted with a key that lives as long as the
/// process, and whoever gets it can read what was recorded under TLS 1.2.
bool set_sessions(SSL_CTX* context) {
  static constexpr unsigned char kName[] = "adit";
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(context, kSessionsMax);
  SSL_CTX_set_timeout(context, kSessionSeconds);
  return SSL_CTX_set_session_id_context(context, kName, sizeof kName - 1) == 1;
}

bool set_protocol(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, select_http11, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphersOfTls12) == 1 &&
         SSL_CTX_set1_groups_list(context, kGroups) == 1;
}

bool set_identity(SSL_CTX* context, const TlsMaterial& material) {
  if (SSL_CTX_use_certificate(context, material.chain.front().get()) != 1) return false;
  for (std::size_t i = 1; i < material.chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, material.chain[i].get()) != 1) return false;
  }
  return SSL_CTX_use_PrivateKey(context, material.key.get()) == 1;
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const TlsIdentity& identity) {
  try {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* const native = context->native_handle();
    ERR_clear_error();
    if (!set_protocol(native) || !set_sessions(native)) return internal("TLS context: " + openssl_failure());
    if (!set_identity(native, identity.material())) {
      // As of a key that is too short for the level of security that the system asks for.
      return invalid("The TLS certificate can't be used: " + openssl_failure() + ".");
    }
    return context;
  } catch (const std::exception& exception) {
    return internal(std::string("TLS context: ") + exception.what());
  }
}

}  // namespace adit::http
