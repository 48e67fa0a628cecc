#include "access/authenticator.h"

#include <algorithm>
#include <string>

#include "access/keys.h"
#include "base/digest.h"
#include "base/log.h"

namespace adit {
namespace {

// A key that nobody has costs one look into the catalog, never memory: only found keys are remembered.
constexpr std::size_t kRememberedMax = 10'000;
constexpr std::string_view kBearer = "bearer";
constexpr std::string_view kAppKey = "appkey";

Error unauthorized(std::string message) { return {ErrorKind::kUnauthorized, std::move(message)}; }

Error unknown_key() { return unauthorized("The key is not known here, or it was deleted."); }

struct Credentials {
  KeyKind kind;
  KeyId id;
  std::string secret;
};

bool starts_with_scheme(std::string_view text, std::string_view scheme) {
  if (text.size() <= scheme.size() || text[scheme.size()] != ' ') return false;
  return std::equal(scheme.begin(), scheme.end(), text.begin(), [](char expected, char seen) {
    return expected == (seen >= 'A' && seen <= 'Z' ? static_cast<char>(seen - 'A' + 'a') : seen);
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Result<Credentials> read_credentials(std::string_view header) {
  header = trimmed(header);
  const bool user = starts_with_scheme(header, kBearer);
  if (!user && !starts_with_scheme(header, kAppKey)) {
    return unauthorized(
        "The Authorization header must read \"Bearer <key>\" for a user's key or \"AppKey <key>\" for an "
        "application's.");
  }
  auto parts = split_key(trimmed(header.substr(user ? kBearer.size() : kAppKey.size())));
  if (!parts)
    return unauthorized("The key is not of the form that this server gives out; was it copied whole?");
  return Credentials{user ? KeyKind::kUser : KeyKind::kApplication, parts->first, std::move(parts->second)};
}

std::string_view bytes_of(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// The access token of OAuth, known or not; nothing where the header holds a key.
std::optional<std::string_view> access_token_in(std::string_view authorization) {
  const auto header = trimmed(authorization);
  if (!starts_with_scheme(header, kBearer)) return std::nullopt;
  const auto text = trimmed(header.substr(kBearer.size()));
  return AccessTokens::is_one(text) ? std::optional(text) : std::nullopt;
}

}  // namespace

bool is_bearer(std::string_view authorization) { return starts_with_scheme(trimmed(authorization), kBearer); }

Result<Principal> Authenticator::authenticate(std::string_view authorization) {
  if (const auto token = access_token_in(authorization)) return tokens_.authenticate(*token);
  ADIT_TRY(const auto credentials, read_credentials(authorization));
  ADIT_TRY(const auto key, find(credentials.id));
  const auto digest = sha256(credentials.secret);
  if (!key || !equal_in_constant_time(bytes_of(digest), bytes_of(key->secret_digest))) return unknown_key();
  if (key->kind() != credentials.kind) {
    return unauthorized(key->kind() == KeyKind::kUser
                            ? "This is a user's key: send it as \"Bearer <key>\"."
                            : "This is an application's key: send it as \"AppKey <key>\".");
  }
  ADIT_TRY(auto principal, principal_of(key));
  touch(key->id);
  return principal;
}

bool Authenticator::is_guess(std::string_view authorization) {
  // A token that does not hold has mostly expired, and its client fetches another one.
  if (access_token_in(authorization)) return false;
  const auto header = trimmed(authorization);
  if (!starts_with_scheme(header, kBearer) && !starts_with_scheme(header, kAppKey)) return false;
  const auto credentials = read_credentials(header);
  if (!credentials) return true;
  const auto key = find(credentials->id);
  if (!key) return false;
  const auto digest = sha256(credentials->secret);
  return !*key || !equal_in_constant_time(bytes_of(digest), bytes_of((*key)->secret_digest));
}

Result<Principal> Authenticator::ask_again(const Principal& principal) {
  if (principal.token) return tokens_.ask_again(principal);
  ADIT_TRY(const auto key, find(principal.key));
  if (!key) return unknown_key();
  return principal_of(key);
}

Result<Principal> Authenticator::principal_of(const std::shared_ptr<const Key>& key) {
  if (key->expires && *key->expires <= clock_.now()) {
    return unauthorized(key->replaced_by ? "The key was replaced by another one, and its time is over."
                                         : "The key has expired.");
  }
  ADIT_TRY(auto holder, holders_.find(key->owner));
  if (!holder) return unknown_key();
  if (!holder->active) {
    return unauthorized(key->kind() == KeyKind::kUser ? "The user of this key is disabled."
                                                      : "The application of this key is disabled.");
  }
  Principal principal;
  principal.team = key->team;
  principal.subject = key->owner;
  principal.user = holder->user;
  principal.key = key->id;
  principal.holder = std::move(holder);
  principal.limits = std::shared_ptr<const KeyLimits>(key, &key->limits);
  return principal;
}

Result<std::shared_ptr<const Key>> Authenticator::find(KeyId id) {
  ADIT_TRY(const auto version, watch_.version());
  {
    auto remembered = remembered_.lock();
    const auto found = remembered->find(id);
    if (found != remembered->end() && found->second.version == version) return found->second.key;
  }
  ADIT_TRY(auto read, catalog_.find_key(id));
  auto remembered = remembered_.lock();
  if (!read) {
    remembered->erase(id);
    return std::shared_ptr<const Key>();
  }
  auto key = std::make_shared<const Key>(*std::move(read));
  if (remembered->size() >= kRememberedMax) remembered->clear();
  auto& entry = (*remembered)[id];
  entry.key = key;
  entry.version = version;
  return std::shared_ptr<const Key>(std::move(key));
}

void Authenticator::touch(KeyId id) {
  const auto now = clock_.now();
  {
    auto remembered = remembered_.lock();
    const auto found = remembered->find(id);
    if (found == remembered->end() || now - found->second.touched < kTouchInterval) return;
    found->second.touched = now;
  }
  // Whether a key was used is for people to look at; a push must not fail over it.
  static_cast<void>(catalog_.touch_key(id, now).ok());
}

void Authenticator::changed() {
  if (const auto seen = watch_.refresh(); !seen) {
    // The next request asks the catalog again, and is refused while that does not answer.
    log::warning("a change of access is noticed later", {{"detail", seen.error().internal_detail}});
  }
}

}  // namespace adit
