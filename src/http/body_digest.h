// BodyDigest: what the sender says the bytes of a body, or of one part of it, hash to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "http/message.h"

namespace adit::http {

/// Content-Digest and Repr-Digest (RFC 9530) with sha-256, Content-MD5 (RFC 1864). On a request they cover
/// the body as it was sent, compressed if it was; on a part, the part's bytes. `update* verify`. One thread
/// at a time.
class BodyDigest {
 public:
  /// Nothing if none of the fields is there. kInvalid if one is malformed or names no algorithm that is
  /// understood; beside one that is, others are ignored.
  static Result<std::optional<BodyDigest>> expected_by(const Headers& headers);

  void update(std::string_view bytes);
  /// kInvalid naming the field that does not agree.
  Result<void> verify() &&;

 private:
  struct Expectation {
    std::string field;
    std::string bytes;
  };

  std::optional<Sha256> sha256_;
  std::optional<Md5> md5_;
  std::vector<Expectation> sha256_expected_;
  std::optional<Expectation> md5_expected_;
};

}  // namespace adit::http
