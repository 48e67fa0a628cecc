// SHA-256 (FIPS 180-4) and MD5 (RFC 1321) as streams, and the text forms of bytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct evp_md_ctx_st;

namespace adit {

using Sha256Digest = std::array<std::uint8_t, 32>;
using Md5Digest = std::array<std::uint8_t, 16>;

struct FreeDigestContext {
  void operator()(evp_md_ctx_st* context) const;
};

/// Computes a digest piece by piece: `update* finish`. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  Sha256Digest finish() &&;

 private:
  std::unique_ptr<evp_md_ctx_st, FreeDigestContext> context_;
};

/// The same for MD5, which says whether bytes arrived as they were sent and nothing more.
class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(Md5&&) noexcept;
  Md5& operator=(Md5&&) noexcept;

  void update(std::string_view bytes);
  Md5Digest finish() &&;

 private:
  std::unique_ptr<evp_md_ctx_st, FreeDigestContext> context_;
};

Sha256Digest sha256(std::string_view bytes);

/// Lower-case hexadecimal.
std::string to_hex(std::span<const std::uint8_t> bytes);
/// RFC 4648 §4, with padding.
std::string to_base64(std::string_view bytes);
/// Strict RFC 4648 §4: padding required, no white space.
std::optional<std::string> from_base64(std::string_view text);
/// Compares in a time that depends on the sizes only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace adit
