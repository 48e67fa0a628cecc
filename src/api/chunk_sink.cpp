#include "api/chunk_sink.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "api/errors.h"
#include "http/header_value.h"

namespace adit {
namespace {

constexpr std::string_view kSequence = "Adit-Sequence";
constexpr std::size_t kDigitsMax = 20;
constexpr std::int64_t kSequenceMax = (std::int64_t{1} << 53) - 1;

bool is_form_encoded(std::string_view content_type) {
  const auto type = http::trimmed(content_type.substr(0, content_type.find(';')));
  return http::equal_ignoring_case(type, "application/x-www-form-urlencoded");
}

/// Of a Content-Transfer-Encoding (RFC 2045, 6.2).
bool keeps_bytes(std::string_view coding) {
  return std::ranges::any_of(std::array{"7bit", "8bit", "binary"},
                             [&](const char* name) { return http::equal_ignoring_case(coding, name); });
}

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
  sink->form_encoded_ = is_form_encoded(request.headers.find("Content-Type").value_or(""));
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
  if (const auto coding = head.headers.find("Content-Transfer-Encoding"); coding && !keeps_bytes(*coding)) {
    return invalid_field("Content-Transfer-Encoding",
                         "is not decoded (RFC 7578, 4.7): send the file's bytes as they are");
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
  if (part_ == Part::kChunk) {
    if (form_encoded_ && !has_line_end_.value_or(false) && !bytes.empty()) {
      has_line_end_ = bytes.find_first_of("\r\n") != std::string_view::npos;
    }
    return target_->write(bytes);
  }
  if (part_ == Part::kSequence) {
    field_.append(bytes.substr(0, kDigitsMax - field_.size()));
  }
  return {};
}

Result<void> ChunkSink::end_part() {
  if (part_ == Part::kChunk) {
    ADIT_CHECK(check_line_ends());
    return target_->end();
  }
  if (part_ == Part::kSequence) {
    ADIT_TRY(next_, parse_sequence(field_));
  }
  return {};
}

/// `curl -d @FILE` takes all line ends out of a file and says that it is a form. What is left of a CSV file
/// is a header without rows, which would empty a table.
Result<void> ChunkSink::check_line_ends() const {
  if (has_line_end_.value_or(true)) return {};
  return invalid_field(
      "Content-Type",
      "application/x-www-form-urlencoded, and no line end in the body: curl -d takes them out of a file. "
      "Send it by -F file=@FILE or by --data-binary @FILE with its Content-Type");
}

http::Response ChunkSink::finish() {
  if (next_ && chunks_ > 0) {
    return error_response(request_,
                          invalid_field(std::string(kSequence),
                                        "stands behind the last file; it numbers the file that follows it"));
  }
  auto answer = target_->finish();
  return answer ? *std::move(answer) : error_response(request_, answer.error());
}

}  // namespace adit
