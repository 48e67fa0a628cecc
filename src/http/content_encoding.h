// Compressed request bodies: gzip (RFC 1952) and zstd (RFC 8878), undone piece by piece.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace adit::http {

enum class ContentEncoding { kIdentity, kGzip, kZstd };

/// What Content-Encoding says (RFC 9110 §8.4). Nothing if it names a coding that is not understood, or more
/// than one.
std::optional<ContentEncoding> content_encoding_of(const Headers& headers);

/// The most memory that undoing it takes.
std::size_t inflater_bytes_max(ContentEncoding encoding);

/// Undoes one coding: `feed* end`. Memory is one output buffer and the coding's window (32 KiB for gzip, at
/// most 8 MiB for zstd, as RFC 9659 asks of senders), whatever the bytes claim; how much comes out in all is
/// for the receiver to bound. Several gzip members or zstd frames in a row are one body. One thread at a
/// time. Errors: kInvalid for bytes that are not of the coding, and whatever `emit` returned.
class Inflater {
 public:
  using Emit = std::function<Result<void>(std::string_view)>;

  /// Null for kIdentity.
  static std::unique_ptr<Inflater> create(ContentEncoding encoding);
  virtual ~Inflater() = default;

  /// Gives what `bytes` decode to, in pieces, to `emit`.
  virtual Result<void> feed(std::string_view bytes, const Emit& emit) = 0;
  /// kInvalid if the last member or frame is not complete.
  virtual Result<void> end() const = 0;
};

}  // namespace adit::http
