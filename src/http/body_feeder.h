// BodyFeeder: brings the bytes of a request's body to a BodySink, whatever their form.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "http/multipart.h"

namespace adit::http {

/// `feed* finish`. A raw body is one part without a name. Destruction without finish() tells the sink that
/// nothing came of it. One thread at a time; the sink may block, so only on worker threads.
class BodyFeeder {
 public:
  /// Without a boundary the body is raw.
  BodyFeeder(std::unique_ptr<BodySink> sink, const std::optional<std::string>& boundary,
             std::size_t parts_max);

  Result<void> feed(std::string_view bytes);
  /// The whole body was fed: checks its form and asks the sink for the answer.
  Result<Response> finish();

 private:
  Result<void> begin_raw();

  std::unique_ptr<BodySink> sink_;
  std::optional<MultipartParser> multipart_;
  bool raw_begun_ = false;
};

}  // namespace adit::http
