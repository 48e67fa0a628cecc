#include "http/body_feeder.h"

#include <utility>

namespace adit::http {
namespace {

/// Checks the digests that stand in the heads of parts before its sink learns that the part is whole.
class PartDigests final : public BodySink {
 public:
  explicit PartDigests(std::unique_ptr<BodySink> sink) : sink_(std::move(sink)) {}

  Result<void> begin_part(const PartHead& head) override {
    ADIT_TRY(digest_, BodyDigest::expected_by(head.headers));
    return sink_->begin_part(head);
  }
  Result<void> write(std::string_view bytes) override {
    if (digest_) digest_->update(bytes);
    return sink_->write(bytes);
  }
  Result<void> end_part() override {
    if (digest_) ADIT_CHECK(std::move(*digest_).verify());
    return sink_->end_part();
  }
  Response finish() override { return sink_->finish(); }

 private:
  std::unique_ptr<BodySink> sink_;
  std::optional<BodyDigest> digest_;
};

}  // namespace

BodyFeeder::BodyFeeder(std::unique_ptr<BodySink> sink, BodyForm form)
    : form_(std::move(form)), sink_(std::move(sink)), inflater_(Inflater::create(form_.encoding)) {
  if (!form_.boundary) return;
  sink_ = std::make_unique<PartDigests>(std::move(sink_));
  multipart_.emplace(*form_.boundary, form_.parts_max, *sink_);
}

Result<void> BodyFeeder::feed(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (form_.digest) form_.digest->update(bytes);
  if (!inflater_) return take(bytes);
  return inflater_->feed(bytes, [this](std::string_view decoded) -> Result<void> {
    if (decoded.size() > form_.decoded_bytes_max - decoded_bytes_) {
      return Error{ErrorKind::kTooLarge, "The request's body is larger than " +
                                             std::to_string(form_.decoded_bytes_max) +
                                             " bytes when it is decompressed."};
    }
    decoded_bytes_ += decoded.size();
    return take(decoded);
  });
}

Result<void> BodyFeeder::take(std::string_view bytes) {
  if (multipart_) return multipart_->feed(bytes);
  ADIT_CHECK(begin_raw());
  return sink_->write(bytes);
}

Result<Response> BodyFeeder::finish() {
  if (inflater_) ADIT_CHECK(inflater_->end());
  if (form_.digest) ADIT_CHECK(std::move(*form_.digest).verify());
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
