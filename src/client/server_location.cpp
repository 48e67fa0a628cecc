#include "client/server_location.h"

#include <boost/json.hpp>

#include "base/file.h"

namespace adit::client {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFileBytesMax = 64 * 1024;

// An address to listen on names all interfaces by 0.0.0.0 or [::]; a client needs one of them.
std::string reachable(std::string address) {
  if (address.starts_with("0.0.0.0:")) return "127.0.0.1" + address.substr(7);
  if (address.starts_with("[::]:")) return "[::1]" + address.substr(4);
  return address;
}

Result<BaseUrl> read_listen_file(const fs::path& data) {
  const fs::path path = data / kListenFile;
  std::error_code failure;
  if (!fs::exists(path, failure)) {
    return Error{ErrorKind::kUnavailable, "No server is running on " + fs::absolute(data).string() +
                                              ". Start one with `adit serve --data " + data.string() +
                                              "`, name its folder with --data, or its address with --url."};
  }
  const auto text = read_file(path, kFileBytesMax);
  if (!text) return invalid(path.string() + " can't be read.");
  boost::json::error_code code;
  const auto parsed = boost::json::parse(*text, code);
  if (!code && parsed.is_object()) {
    for (const auto* scheme : {"http", "https"}) {
      const auto* address = parsed.get_object().if_contains(scheme);
      if (address == nullptr || !address->is_string()) continue;
      return parse_base_url(std::string(scheme) + "://" + reachable(std::string(address->get_string())));
    }
  }
  return invalid(path.string() + " holds no address. Restart the server, or use --url and --key.");
}

Result<std::string> read_admin_key(const fs::path& data) {
  const fs::path path = data / kAdminKeyFile;
  const auto text = read_file(path, kFileBytesMax);
  std::string key = text ? text->substr(0, text->find_first_of("\r\n")) : std::string();
  if (key.empty())
    return invalid("No key can be read from " + path.string() + ". Give one with --key or ADIT_KEY.");
  return key;
}

}  // namespace

Result<ServerLocation> locate_server(const std::optional<std::string>& url,
                                     const std::optional<std::string>& key, const fs::path& data) {
  ServerLocation location;
  if (url) {
    ADIT_TRY(location.url, parse_base_url(*url));
    if (!key) return invalid("--url needs a key as well: give it with --key or ADIT_KEY.");
  } else {
    ADIT_TRY(location.url, read_listen_file(data));
  }
  if (key) {
    location.key = *key;
  } else {
    ADIT_TRY(location.key, read_admin_key(data));
  }
  return location;
}

}  // namespace adit::client
