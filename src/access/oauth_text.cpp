#include "access/oauth_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <sstream>
#include <utility>

#include "access/oauth_error.h"
#include "base/digest.h"
#include "base/random.h"

namespace adit {
namespace {

constexpr std::size_t kRedirectUriBytesMax = 2'000;

std::string_view prefix_of(SecretKind kind) {
  switch (kind) {
    case SecretKind::kAccessToken:
      return "adit_at_";
    case SecretKind::kRefreshToken:
      return "adit_rt_";
    case SecretKind::kCode:
      return "adit_ac_";
    case SecretKind::kClientSecret:
      return "adit_cs_";
    case SecretKind::kLogin:
      return "adit_li_";
  }
  std::unreachable();
}

bool is_unreserved(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_base64url(std::string_view text) {
  return std::ranges::all_of(text,
                             [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

/// The host and what follows it, of an http URI to a loopback address.
struct Loopback {
  std::string_view host;
  std::string_view port;  ///< with its colon; may be empty
  std::string_view path;
};

std::optional<Loopback> loopback_of(std::string_view uri, bool with_name) {
  constexpr std::string_view kHttp = "http://";
  if (!uri.starts_with(kHttp)) return std::nullopt;
  const auto rest = uri.substr(kHttp.size());
  for (const std::string_view host : {"127.0.0.1", "[::1]", "localhost"}) {
    if (!rest.starts_with(host) || (host == "localhost" && !with_name)) continue;
    const auto path_at = std::min(rest.find_first_of("/?"), rest.size());
    const auto port = rest.substr(host.size(), path_at - std::min(path_at, host.size()));
    const bool is_port =
        port.empty() ||
        (port.front() == ':' && port.size() > 1 && port.size() <= 6 &&
         std::ranges::all_of(port.substr(1), [](unsigned char c) { return std::isdigit(c) != 0; }));
    if (is_port) return Loopback{host, port, rest.substr(path_at)};
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(OauthFault fault) {
  switch (fault) {
    case OauthFault::kInvalidRequest:
      return "invalid_request";
    case OauthFault::kInvalidClient:
      return "invalid_client";
    case OauthFault::kInvalidGrant:
      return "invalid_grant";
    case OauthFault::kUnauthorizedClient:
      return "unauthorized_client";
    case OauthFault::kUnsupportedGrantType:
      return "unsupported_grant_type";
    case OauthFault::kUnsupportedResponseType:
      return "unsupported_response_type";
    case OauthFault::kInvalidScope:
      return "invalid_scope";
    case OauthFault::kAccessDenied:
      return "access_denied";
    case OauthFault::kServerError:
      return "server_error";
  }
  std::unreachable();
}

std::string make_secret(SecretKind kind) {
  std::array<std::uint8_t, 32> random{};
  fill_random(random);
  return std::string(prefix_of(kind)) +
         to_base64url({reinterpret_cast<const char*>(random.data()), random.size()});
}

bool is_secret(SecretKind kind, std::string_view text) {
  constexpr std::size_t kRandomSize = 43;
  const auto prefix = prefix_of(kind);
  return text.starts_with(prefix) && text.size() == prefix.size() + kRandomSize &&
         is_base64url(text.substr(prefix.size()));
}

std::string to_base64url(std::string_view bytes) {
  auto text = to_base64(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

bool verifies(std::string_view verifier, std::string_view challenge) {
  if (verifier.size() < 43 || verifier.size() > 128 || !std::ranges::all_of(verifier, is_unreserved)) {
    return false;
  }
  const auto digest = sha256(verifier);
  return equal_in_constant_time(to_base64url({reinterpret_cast<const char*>(digest.data()), digest.size()}),
                                challenge);
}

bool is_challenge(std::string_view text) { return text.size() == 43 && is_base64url(text); }

std::string wrong_with_redirect_uri(std::string_view uri, bool confidential) {
  if (uri.empty() || uri.size() > kRedirectUriBytesMax) return "must be a URI of 1 to 2,000 bytes";
  const bool visible =
      std::ranges::all_of(uri, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '\\' && c != '"'; });
  if (!visible) return "must be a URI: no spaces, quotes, backslashes or characters beyond ASCII";
  if (uri.find('#') != std::string_view::npos) return "must have no fragment (#)";
  constexpr std::string_view kHttps = "https://";
  if (uri.starts_with(kHttps)) {
    const auto authority = uri.substr(kHttps.size(), uri.find_first_of("/?", kHttps.size()) - kHttps.size());
    if (authority.empty() || authority.find('@') != std::string_view::npos) {
      return "must have a host, and no user name before it";
    }
    return {};
  }
  if (loopback_of(uri, true)) return {};
  if (uri.starts_with("http://")) return "may be http only for 127.0.0.1, [::1] or localhost; use https";
  const auto scheme = uri.substr(0, uri.find(':'));
  const bool private_scheme =
      scheme.size() < uri.size() && !scheme.empty() && scheme.find('.') != std::string_view::npos &&
      std::isalpha(static_cast<unsigned char>(scheme.front())) != 0 &&
      std::ranges::all_of(
          scheme, [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '+'; });
  if (private_scheme && !confidential) return {};
  return "must begin with https://; a public client may also have a scheme of its own with a dot in it "
         "(com.example.app:/callback)";
}

bool is_redirect_uri_of(const OauthClient& client, std::string_view uri) {
  const auto asked = client.confidential ? std::nullopt : loopback_of(uri, false);
  return std::ranges::any_of(client.redirect_uris, [&](const std::string& known) {
    if (known == uri) return true;
    const auto registered = asked ? loopback_of(known, false) : std::nullopt;
    return registered && registered->host == asked->host && registered->path == asked->path;
  });
}

Result<ScopeSet> parse_scopes(std::string_view words) {
  ScopeSet scopes;
  std::istringstream in{std::string(words)};
  for (std::string word; in >> word;) {
    const auto scope = parse_scope(word);
    if (!scope) {
      // Of RFC 6749 an error's description holds visible ASCII without quotes and backslashes.
      std::string shown = word.substr(0, 100);
      std::ranges::replace_if(
          shown, [](unsigned char c) { return c < 0x21 || c > 0x7e || c == '"' || c == '\\'; }, '?');
      return invalid("There is no scope " + shown + ".");
    }
    scopes.add(*scope);
  }
  return scopes;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const unsigned char c : text) {
    if (is_unreserved(c)) {
      encoded += static_cast<char>(c);
    } else {
      encoded += {'%', kHex[c >> 4U], kHex[c & 15U]};
    }
  }
  return encoded;
}

}  // namespace adit
