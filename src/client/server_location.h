// Where the server is and with which key: as told, or as its data folder says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "client/url.h"

namespace adit::client {

struct ServerLocation {
  BaseUrl url;
  std::string key;
};

/// With `url`, that server, and `key` must be there. Without it, the server that runs on the folder `data`:
/// the address for HTTP (else HTTPS) from its listen.json and, unless `key` is given, the key in its
/// admin.key. Errors are kUnavailable when no server has ever run there or left its address, and kInvalid for
/// what can't be read; each says what to do.
Result<ServerLocation> locate_server(const std::optional<std::string>& url,
                                     const std::optional<std::string>& key,
                                     const std::filesystem::path& data);

/// Files that a server keeps in its data folder: its addresses, and the first key.
inline constexpr const char* kListenFile = "listen.json";
inline constexpr const char* kAdminKeyFile = "admin.key";

}  // namespace adit::client
