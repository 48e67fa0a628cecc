// MultipartParser: a multipart/form-data body (RFC 7578, RFC 2046 §5.1), piece by piece.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace adit::http {

/// The boundary of a Content-Type, if it is multipart/form-data; kInvalid when it is, but the boundary is
/// missing or breaks RFC 2046 (1 to 70 characters, no control characters, no space at the end).
Result<std::optional<std::string>> multipart_boundary(std::string_view content_type);

/// Gives a sink the parts of a body whose bytes come in pieces of any size: `feed* end`. The sink gets
/// `(begin_part write* end_part)*`, never finish(). What stands before the first and after the last boundary
/// is ignored. One thread at a time. Errors: the sink's own, else kInvalid; after one nothing more may be
/// fed. Limits: a part's head takes `kPartHeadBytesMax`; memory is that and the length of the boundary.
class MultipartParser {
 public:
  static constexpr std::size_t kPartHeadBytesMax = 16 * 1024;

  MultipartParser(const std::string& boundary, std::size_t parts_max, BodySink& sink);

  Result<void> feed(std::string_view bytes);
  /// kInvalid if the closing boundary has not come.
  Result<void> end();

 private:
  enum class State {
    kPreamble,       ///< before the first boundary
    kAfterBoundary,  ///< the rest of a boundary's line: `--`, or white space and CRLF
    kHead,           ///< the part's header fields, up to an empty line
    kData,
    kEpilogue,  ///< after the closing boundary
  };

  Result<void> take_data(std::string_view& bytes);
  Result<void> take_boundary_line(std::string_view& bytes);
  Result<void> take_head(std::string_view& bytes);
  Result<void> emit(std::string_view data);
  Result<void> begin_part();
  Result<void> boundary_reached();

  const std::string delimiter_;  ///< CRLF, two hyphens, boundary
  const std::size_t parts_max_;
  BodySink& sink_;
  State state_ = State::kPreamble;
  std::size_t matched_ =
      2;  ///< bytes of the delimiter seen so far; the CRLF before a body's first line is thought
  std::size_t parts_ = 0;
  std::string line_;  ///< what has been read of a boundary's line or a head
};

}  // namespace adit::http
