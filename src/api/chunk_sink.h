// ChunkSink: finds the chunks in the body of an upload.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"

namespace adit {

/// What becomes of the chunks of one request: `(begin write* end)* finish`.
class ChunkTarget {
 public:
  virtual ~ChunkTarget() = default;
  virtual Result<void> begin(std::optional<std::int64_t> sequence) = 0;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<void> end() = 0;
  virtual Result<http::Response> finish() = 0;
};

/// Reads a sequence number: 0 to 2^53 - 1, which every client can hold.
Result<std::int64_t> parse_sequence(std::string_view text);

/// Gives the parts named `file`, or the raw body, to a target; other form fields are passed over. The number
/// of a chunk comes from the request's header Adit-Sequence, which numbers the only chunk of its request, or
/// from the part's own, or from a form field of that name before the part.
class ChunkSink final : public http::BodySink {
 public:
  /// kInvalid if the request's header is no number.
  static Result<std::unique_ptr<http::BodySink>> create(const http::Request& request,
                                                        std::unique_ptr<ChunkTarget> target);

  Result<void> begin_part(const http::PartHead& head) override;
  Result<void> write(std::string_view bytes) override;
  Result<void> end_part() override;
  http::Response finish() override;

 private:
  enum class Part { kChunk, kSequence, kOther };

  ChunkSink(const http::Request& request, std::unique_ptr<ChunkTarget> target)
      : request_(request), target_(std::move(target)) {}

  Result<void> begin_chunk(const http::PartHead& head);
  Result<void> check_line_ends() const;

  const http::Request& request_;
  std::unique_ptr<ChunkTarget> target_;
  std::optional<std::int64_t> from_header_;
  std::optional<std::int64_t> next_;  ///< for the next chunk
  std::size_t chunks_ = 0;
  Part part_ = Part::kOther;
  std::string field_;  ///< of the form field Adit-Sequence, as it comes
  bool form_encoded_ = false;
  std::optional<bool> has_line_end_;  ///< from the first byte of what is `form_encoded_` on
};

}  // namespace adit
