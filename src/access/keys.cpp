#include "access/keys.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/digest.h"
#include "base/random.h"

namespace adit {
namespace {

// A key that nobody has costs one entry's time in the catalog, never memory: only found keys are remembered.
constexpr std::size_t kRememberedMax = 10'000;

Error unauthorized(std::string message) { return {ErrorKind::kUnauthorized, std::move(message)}; }

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

/// The id and the secret of base64 of `<uuid>:<secret>`; nothing for any other text.
std::optional<std::pair<KeyId, std::string>> split_key(std::string_view key) {
  constexpr std::size_t kUuidSize = 36;
  const auto text = from_base64(key);
  if (!text || text->size() <= kUuidSize || (*text)[kUuidSize] != ':') return std::nullopt;
  const auto id = KeyId::parse(std::string_view(*text).substr(0, kUuidSize));
  if (!id) return std::nullopt;
  return std::pair(*id, text->substr(kUuidSize + 1));
}

Result<Credentials> read_credentials(std::string_view header) {
  constexpr std::string_view kBearer = "bearer";
  constexpr std::string_view kAppKey = "appkey";
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

}  // namespace

bool may(const Principal&, Needs) { return true; }

IssuedKey issue_key(TeamId team, UserId owner, KeyKind kind, std::string name, Timestamp now) {
  std::array<std::uint8_t, 32> random{};
  fill_random(random);
  const auto secret = to_base64({reinterpret_cast<const char*>(random.data()), random.size()});
  IssuedKey issued;
  issued.key.id = KeyId::random();
  issued.key.team = team;
  issued.key.owner = owner;
  issued.key.kind = kind;
  issued.key.name = std::move(name);
  issued.key.secret_digest = sha256(secret);
  issued.key.created = now;
  issued.text = to_base64(issued.key.id.to_string() + ":" + secret);
  return issued;
}

Result<Key> import_key(TeamId team, UserId owner, KeyKind kind, std::string name, std::string_view text,
                       Timestamp now) {
  constexpr std::size_t kSecretSize = 44;
  const auto parts = split_key(trimmed(text));
  if (!parts || parts->second.size() != kSecretSize || !from_base64(parts->second)) {
    return invalid_field(
        "key", "is not a key: it must be base64 of a UUID, a colon and a secret of 44 base64 characters");
  }
  Key key;
  key.id = parts->first;
  key.team = team;
  key.owner = owner;
  key.kind = kind;
  key.name = std::move(name);
  key.secret_digest = sha256(parts->second);
  key.created = now;
  return key;
}

Result<Principal> Authenticator::authenticate(std::string_view authorization) {
  ADIT_TRY(const auto credentials, read_credentials(authorization));
  ADIT_TRY(const auto key, find(credentials.id));
  const auto digest = sha256(credentials.secret);
  if (!equal_in_constant_time(bytes_of(digest), bytes_of(key.secret_digest))) {
    return unauthorized("The key is not known here, or it was deleted.");
  }
  if (key.kind != credentials.kind) {
    return unauthorized(key.kind == KeyKind::kUser
                            ? "This is a user's key: send it as \"Bearer <key>\"."
                            : "This is an application's key: send it as \"AppKey <key>\".");
  }
  return Principal{key.team, key.owner, key.id, key.kind};
}

Result<Key> Authenticator::find(KeyId id) {
  const auto now = clock_.now();
  bool touch = true;
  {
    auto remembered = remembered_.lock();
    const auto found = remembered->find(id);
    if (found != remembered->end()) {
      touch = now - found->second.touched >= kTouchInterval;
      if (!touch && now - found->second.read < kRemembered && now >= found->second.read)
        return found->second.key;
    }
  }
  ADIT_TRY(auto key, catalog_.find_key(id));
  if (!key) {
    forget(id);
    return unauthorized("The key is not known here, or it was deleted.");
  }
  // Whether a key was used is for people to look at; a push must not fail over it.
  if (touch) static_cast<void>(catalog_.touch_key(id, now).ok());
  auto remembered = remembered_.lock();
  if (remembered->size() >= kRememberedMax) remembered->clear();
  auto& entry = (*remembered)[id];
  entry.key = *key;
  entry.read = now;
  if (touch) entry.touched = now;
  return *std::move(key);
}

void Authenticator::forget(KeyId key) { remembered_.lock()->erase(key); }

}  // namespace adit
