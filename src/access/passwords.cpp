#include "access/passwords.h"

#include <sodium.h>

#include <array>
#include <cstdint>
#include <stdexcept>

#include "base/random.h"
#include "formats/names.h"

namespace adit {
namespace {

constexpr unsigned long long kPasses = 3;
constexpr std::size_t kMemoryBytes = 64ULL << 20;

void prepare_library() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium can't be initialised");
}

Error busy() {
  return {ErrorKind::kUnavailable,
          "Too many passwords are being looked at at the moment. Try again in a few seconds."};
}

}  // namespace

/// Holds a place while a hash is computed, where there is one to be had.
class Passwords::Place {
 public:
  explicit Place(Passwords& passwords) : passwords_(passwords), admitted_(passwords.admitted_.try_acquire()) {
    if (admitted_) passwords_.places_.acquire();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!admitted_) return;
    passwords_.places_.release();
    passwords_.admitted_.release();
  }
  explicit operator bool() const { return admitted_; }

 private:
  Passwords& passwords_;
  const bool admitted_;
};

Result<void> Passwords::check(std::string_view password) {
  if (password.size() >= kBytesMin && password.size() <= kBytesMax && is_utf8(password)) return {};
  return invalid_field("password", "must be text of " + std::to_string(kBytesMin) + " to " +
                                       std::to_string(kBytesMax) + " bytes");
}

std::string Passwords::make_one_time() {
  constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz023456789";  // 32: five bits a letter
  static_assert(kLetters.size() == 32);
  std::array<std::uint8_t, 20> random{};
  fill_random(random);
  std::string password;
  for (const auto byte : random) password += kLetters[byte % kLetters.size()];
  return password;
}

Result<std::string> Passwords::hash(std::string_view password) {
  ADIT_CHECK(check(password));
  prepare_library();
  const Place place(*this);
  if (!place) return busy();
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return internal("there is no memory to hash a password");
  }
  return std::string(text.data());
}

Result<bool> Passwords::verify(const std::string& hash, std::string_view password) {
  if (hash.empty() || hash.size() >= crypto_pwhash_STRBYTES || password.size() > kBytesMax) return false;
  prepare_library();
  const Place place(*this);
  if (!place) return busy();
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

const std::string& Passwords::nobodys_hash() {
  // Of 256 random bits that were thrown away. Its parameters are those above, which a test compares.
  static const std::string kHash =
      "$argon2id$v=19$m=65536,t=3,p=1$"
      "w8g1U+T9mCry7jCk6Ax0ew$uvN2ub9r8sjBI56raCwTFhf6HcPcAXvq6C+Js1yEup8";
  return kHash;
}

}  // namespace adit
