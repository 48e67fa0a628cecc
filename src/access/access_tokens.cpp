#include "access/access_tokens.h"

#include <cstring>

#include "access/oauth_text.h"
#include "base/digest.h"

namespace adit {
namespace {

constexpr std::size_t kRememberedMax = 10'000;

Error unauthorized(std::string message) { return {ErrorKind::kUnauthorized, std::move(message)}; }
Error unknown_token() { return unauthorized("The access token is not known, or it was revoked"); }

}  // namespace

std::size_t AccessTokens::HashDigest::operator()(const Sha256Digest& digest) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

bool AccessTokens::is_one(std::string_view text) { return is_secret(SecretKind::kAccessToken, text); }

Result<Principal> AccessTokens::authenticate(std::string_view text) {
  ADIT_TRY(const auto token, find(sha256(text)));
  if (!token) return unknown_token();
  if (token->expires <= clock_.now()) return unauthorized("The access token expired");
  return principal_of(token);
}

Result<Principal> AccessTokens::ask_again(const Principal& principal) {
  ADIT_TRY(const auto token, find(principal.token->digest));
  if (!token) return unknown_token();
  return principal_of(token);
}

Result<Principal> AccessTokens::principal_of(const Token& token) const {
  if (token->kind != TokenKind::kAccess) return unknown_token();
  if (!token->client_active) return unauthorized("The client of this access token is disabled");
  ADIT_TRY(auto application, holders_.find(subject_of(token->application)));
  if (!application) return unknown_token();
  if (!application->active) return unauthorized("The application of this access token is disabled");
  Principal principal;
  principal.team = token->team;
  principal.subject = token->user ? subject_of(*token->user) : subject_of(token->application);
  principal.holder = std::move(application);
  if (token->user) {
    ADIT_TRY(principal.holder, holders_.find(principal.subject));
    if (!principal.holder) return unknown_token();
    if (!principal.holder->active) return unauthorized("The user of this access token is disabled");
  }
  principal.user = principal.holder->user;
  principal.token = token;
  principal.limits = std::shared_ptr<const KeyLimits>(token, &token->limits);
  return principal;
}

Result<AccessTokens::Token> AccessTokens::find(const Sha256Digest& digest) {
  ADIT_TRY(const auto version, watch_.version());
  {
    auto remembered = remembered_.lock();
    const auto found = remembered->find(digest);
    if (found != remembered->end() && found->second.version == version) return found->second.token;
  }
  ADIT_TRY(auto read, catalog_.find_token(digest));
  auto remembered = remembered_.lock();
  if (!read) {
    remembered->erase(digest);
    return Token();
  }
  if (remembered->size() >= kRememberedMax) remembered->clear();
  auto& entry = (*remembered)[digest];
  entry = {std::make_shared<const OauthToken>(*std::move(read)), version};
  return entry.token;
}

}  // namespace adit
