#include "model/oauth.h"

#include <array>
#include <utility>

namespace adit {
namespace {

constexpr std::array kGrantTypes{GrantType::kClientCredentials, GrantType::kAuthorizationCode,
                                 GrantType::kRefreshToken};

}  // namespace

std::string_view to_string(GrantType type) {
  switch (type) {
    case GrantType::kClientCredentials:
      return "client_credentials";
    case GrantType::kAuthorizationCode:
      return "authorization_code";
    case GrantType::kRefreshToken:
      return "refresh_token";
  }
  std::unreachable();
}

std::optional<GrantType> parse_grant_type(std::string_view word) {
  for (const auto type : kGrantTypes) {
    if (to_string(type) == word) return type;
  }
  return std::nullopt;
}

std::span<const GrantType> all_grant_types() { return kGrantTypes; }

std::string_view to_string(TokenKind kind) {
  switch (kind) {
    case TokenKind::kCode:
      return "CODE";
    case TokenKind::kAccess:
      return "ACCESS";
    case TokenKind::kRefresh:
      return "REFRESH";
  }
  std::unreachable();
}

std::optional<TokenKind> parse_token_kind(std::string_view word) {
  for (const auto kind : {TokenKind::kCode, TokenKind::kAccess, TokenKind::kRefresh}) {
    if (to_string(kind) == word) return kind;
  }
  return std::nullopt;
}

}  // namespace adit
