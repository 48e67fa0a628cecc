#include "http/body_feeder.h"

#include <utility>

namespace adit::http {

BodyFeeder::BodyFeeder(std::unique_ptr<BodySink> sink, const std::optional<std::string>& boundary,
                       std::size_t parts_max)
    : sink_(std::move(sink)) {
  if (boundary) multipart_.emplace(*boundary, parts_max, *sink_);
}

Result<void> BodyFeeder::feed(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (multipart_) return multipart_->feed(bytes);
  ADIT_CHECK(begin_raw());
  return sink_->write(bytes);
}

Result<Response> BodyFeeder::finish() {
  if (multipart_) {
    ADIT_CHECK(multipart_->end());
  } else {
    ADIT_CHECK(begin_raw());
    ADIT_CHECK(sink_->end_part());
  }
  return sink_->finish();
}

Result<void> BodyFeeder::begin_raw() {
  if (std::exchange(raw_begun_, true)) return {};
  return sink_->begin_part(PartHead{});
}

}  // namespace adit::http
