// The TLS side of a server: its context.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/result.h"
#include "http/certificate.h"

namespace adit::http {

/// TLS 1.2 and newer, HTTP/1.1 by ALPN. kInvalid when the certificate is too weak to be used.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsIdentity& identity);

}  // namespace adit::http
