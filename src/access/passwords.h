// Passwords: hashed and compared.
#pragma once

#include <semaphore>
#include <string>
#include <string_view>

#include "base/result.h"

namespace adit {

/// argon2id by libsodium (RFC 9106), with parameters of its own: 3 passes over 64 MiB. Each call takes that
/// memory and about a tenth of a second; kAtOnceMax of them run side by side and kWaitingMax wait for it.
/// More are kUnavailable, so that guessing takes neither the memory nor the workers of pushes. Thread-safe.
class Passwords {
 public:
  static constexpr std::size_t kBytesMin = 12;
  static constexpr std::size_t kBytesMax = 256;
  static constexpr std::ptrdiff_t kAtOnceMax = 2;
  static constexpr std::ptrdiff_t kWaitingMax = 6;

  /// kInvalid when it is too short, too long or no text.
  static Result<void> check(std::string_view password);
  /// A password of 100 random bits in letters and digits that can't be mistaken for each other.
  static std::string make_one_time();

  /// The text that is kept: parameters, salt and hash.
  Result<std::string> hash(std::string_view password);
  /// False for a wrong password and where there is none.
  Result<bool> verify(const std::string& hash, std::string_view password);
  /// The hash of a password that nobody knows, for where there is no user: to compare with it takes as long.
  static const std::string& nobodys_hash();

 private:
  class Place;

  std::counting_semaphore<kAtOnceMax + kWaitingMax> admitted_{kAtOnceMax + kWaitingMax};
  std::counting_semaphore<kAtOnceMax> places_{kAtOnceMax};
};

}  // namespace adit
