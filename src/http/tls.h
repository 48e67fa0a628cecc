// The TLS side of a server: its context.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>

#include "base/result.h"

namespace adit::http {

/// TLS 1.2 and newer, HTTP/1.1 by ALPN. kInvalid when a file can't be read or the key does not fit the
/// certificate.
Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const std::filesystem::path& certificate,
                                                                    const std::filesystem::path& key);

}  // namespace adit::http
