#include "api/chunk_sink.h"

#include <charconv>
#include <utility>

#include "api/errors.h"

namespace adit {
namespace {

constexpr std::string_view kSequence = "Adit-Sequence";
constexpr std::size_t kDigitsMax = 20;
constexpr std::int64_t kSequenceMax = (std::int64_t{1} << 53) - 1;

}  // namespace

Result<std::int64_t> parse_sequence(std::string_view text) {
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && text.front() != '-' && number <= kSequenceMax) return number;
  return invalid_field(std::string(kSequence), "must be a whole number from 0 to 9007199254740991");
}

Result<std::unique_ptr<http::BodySink>> ChunkSink::create(const http::Request& request,
                                                          std::unique_ptr<ChunkTarget> target) {
  std::unique_ptr<ChunkSink> sink(new ChunkSink(request, std::move(target)));
  if (const auto text = request.headers.find(kSequence)) {
    ADIT_TRY(sink->from_header_, parse_sequence(*text));
    sink->next_ = sink->from_header_;
  }
  return std::unique_ptr<http::BodySink>(std::move(sink));
}

Result<void> ChunkSink::begin_part(const http::PartHead& head) {
  field_.clear();
  part_ = Part::kOther;
  if (!head.name || *head.name == "file") return begin_chunk(head);
  if (*head.name == kSequence) part_ = Part::kSequence;
  return {};
}

Result<void> ChunkSink::begin_chunk(const http::PartHead& head) {
  part_ = Part::kChunk;
  if (const auto coding = head.headers.find("Content-Encoding"); coding && *coding != "identity") {
    return invalid_field("Content-Encoding",
                         "is understood on the whole request, not on one of its parts: compress the body");
  }
  if (const auto text = head.headers.find(kSequence)) {
    ADIT_TRY(next_, parse_sequence(*text));
  }
  if (from_header_ && chunks_ > 0) {
    return invalid_field(std::string(kSequence),
                         "as a header numbers one chunk, but there are several: send it as a form field "
                         "before each file instead");
  }
  ++chunks_;
  return target_->begin(std::exchange(next_, std::nullopt));
}

Result<void> ChunkSink::write(std::string_view bytes) {
  if (part_ == Part::kChunk) return target_->write(bytes);
  if (part_ == Part::kSequence) {
    field_.append(bytes.substr(0, kDigitsMax - field_.size()));
  }
  return {};
}

Result<void> ChunkSink::end_part() {
  if (part_ == Part::kChunk) return target_->end();
  if (part_ == Part::kSequence) {
    ADIT_TRY(next_, parse_sequence(field_));
  }
  return {};
}

http::Response ChunkSink::finish() {
  auto answer = target_->finish();
  return answer ? *std::move(answer) : error_response(request_, answer.error());
}

}  // namespace adit
