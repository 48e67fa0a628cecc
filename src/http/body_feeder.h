// BodyFeeder: brings the bytes of a request's body to a BodySink, whatever their form.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/body_digest.h"
#include "http/content_encoding.h"
#include "http/message.h"
#include "http/multipart.h"

namespace adit::http {

/// How a body stands on the wire, outermost last: parts, compression, digest.
struct BodyForm {
  std::optional<std::string> boundary;  ///< of a multipart body; without one it is raw
  std::size_t parts_max = 1;
  ContentEncoding encoding = ContentEncoding::kIdentity;
  std::uint64_t decoded_bytes_max = 0;  ///< of a compressed body; the sink bounds each part
  std::optional<BodyDigest> digest{};   ///< of the body as sent
};

/// `feed* finish`. A raw body is one part without a name. Destruction without finish() tells the sink that
/// nothing came of it. One thread at a time; the sink may block, so only on worker threads.
class BodyFeeder {
 public:
  BodyFeeder(std::unique_ptr<BodySink> sink, BodyForm form);

  Result<void> feed(std::string_view bytes);
  /// The whole body was fed: checks its form and asks the sink for the answer.
  Result<Response> finish();

 private:
  Result<void> take(std::string_view decoded);
  Result<void> begin_raw();

  BodyForm form_;
  std::unique_ptr<BodySink> sink_;
  std::unique_ptr<Inflater> inflater_;
  std::uint64_t decoded_bytes_ = 0;
  std::optional<MultipartParser> multipart_;
  bool raw_begun_ = false;
};

}  // namespace adit::http
