#include "access/keys.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/random.h"

namespace adit {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Key key_of(KeyRequest request, KeyId id, std::string_view secret, Timestamp now) {
  Key key;
  key.id = id;
  key.team = request.team;
  key.owner = request.owner;
  key.creator = request.creator;
  key.name = std::move(request.name);
  key.secret_digest = sha256(secret);
  key.created = now;
  key.expires = request.expires;
  key.limits = std::move(request.limits);
  return key;
}

}  // namespace

IssuedKey issue_key(KeyRequest request, Timestamp now) {
  std::array<std::uint8_t, 32> random{};
  fill_random(random);
  const auto secret = to_base64({reinterpret_cast<const char*>(random.data()), random.size()});
  IssuedKey issued;
  issued.key = key_of(std::move(request), KeyId::random(), secret, now);
  issued.text = to_base64(issued.key.id.to_string() + ":" + secret);
  return issued;
}

Result<Key> import_key(KeyRequest request, std::string_view text, Timestamp now) {
  constexpr std::size_t kSecretSize = 44;
  const auto parts = split_key(trimmed(text));
  if (!parts || parts->second.size() != kSecretSize || !from_base64(parts->second)) {
    return invalid_field(
        "key", "is not a key: it must be base64 of a UUID, a colon and a secret of 44 base64 characters");
  }
  return key_of(std::move(request), parts->first, parts->second, now);
}

Result<IssuedKey> rotate_key(Key& old, UserId creator, std::chrono::seconds overlap, Timestamp now) {
  if (old.replaced_by) {
    return conflict("The key was replaced already, by " + old.replaced_by->to_string() +
                    ". Rotate that one.");
  }
  if (old.expires && *old.expires <= now) return conflict("The key has expired. Create another one.");
  KeyRequest request{old.team, old.owner, creator, old.name, {}, old.limits};
  if (old.expires) request.expires = now + (*old.expires - old.created);
  auto issued = issue_key(std::move(request), now);
  const auto end = now + std::chrono::duration_cast<std::chrono::milliseconds>(overlap);
  old.expires = old.expires ? std::min(*old.expires, end) : end;
  old.replaced_by = issued.key.id;
  return issued;
}

std::optional<std::pair<KeyId, std::string>> split_key(std::string_view text) {
  constexpr std::size_t kUuidSize = 36;
  const auto decoded = from_base64(text);
  if (!decoded || decoded->size() <= kUuidSize || (*decoded)[kUuidSize] != ':') return std::nullopt;
  const auto id = KeyId::parse(std::string_view(*decoded).substr(0, kUuidSize));
  if (!id) return std::nullopt;
  return std::pair(*id, decoded->substr(kUuidSize + 1));
}

}  // namespace adit
