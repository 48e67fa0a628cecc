#include "http/multipart.h"

#include <algorithm>
#include <utility>

#include "http/header_value.h"

namespace adit::http {
namespace {

constexpr std::size_t kBoundaryCharactersMax = 70;
constexpr std::size_t kBoundaryPaddingMax = 128;
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool boundary_is_valid(std::string_view boundary) {
  if (boundary.empty() || boundary.size() > kBoundaryCharactersMax || boundary.back() == ' ') return false;
  return std::ranges::all_of(boundary, [](char c) { return c >= 0x20 && c < 0x7f; });
}

Result<PartHead> parse_part_head(std::string_view text, std::size_t number) {
  const auto wrong = [&](std::string_view what) {
    return invalid("Part " + std::to_string(number) + " of the multipart body " + std::string(what));
  };
  PartHead head;
  while (!text.empty()) {
    const auto end = std::min(text.find(kLineEnd), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + kLineEnd.size(), text.size()));
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos)
      return wrong("has a header line without a name and a colon.");
    head.headers.add(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
  }
  const auto disposition = head.headers.find("Content-Disposition");
  if (!disposition) return wrong("has no Content-Disposition.");
  const auto parsed = parse_header_value(*disposition);
  if (!parsed || parsed->value != "form-data")
    return wrong("has a Content-Disposition that is not form-data.");
  head.name = parsed->parameter("name");
  head.filename = parsed->parameter("filename");
  if (!head.name) return wrong("has no name in its Content-Disposition.");
  return head;
}

}  // namespace

Result<std::optional<std::string>> multipart_boundary(std::string_view content_type) {
  constexpr std::string_view kType = "multipart/form-data";
  const auto type = trimmed(content_type.substr(0, std::min(content_type.find(';'), content_type.size())));
  if (!equal_ignoring_case(type, kType)) return std::optional<std::string>();
  const auto parsed = parse_header_value(content_type);
  auto boundary = parsed ? parsed->parameter("boundary") : std::nullopt;
  if (!boundary) return invalid("The Content-Type multipart/form-data has no boundary.");
  if (!boundary_is_valid(*boundary)) {
    return invalid("The boundary in Content-Type must have 1 to 70 printable ASCII characters.");
  }
  return boundary;
}

MultipartParser::MultipartParser(const std::string& boundary, std::size_t parts_max, BodySink& sink)
    : delimiter_("\r\n--" + boundary), parts_max_(parts_max), sink_(sink) {}

Result<void> MultipartParser::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::kPreamble:
      case State::kData:
        ADIT_CHECK(take_data(bytes));
        break;
      case State::kAfterBoundary:
        ADIT_CHECK(take_boundary_line(bytes));
        break;
      case State::kHead:
        ADIT_CHECK(take_head(bytes));
        break;
      case State::kEpilogue:
        return {};
    }
  }
  return {};
}

Result<void> MultipartParser::end() {
  if (state_ == State::kEpilogue) return {};
  return invalid("The multipart body ends before its closing boundary.");
}

// A delimiter has its only CR in front. So where a partial match fails, no other match can have begun inside
// of it: all of it was data, and the search goes on with the byte that did not match.
Result<void> MultipartParser::take_data(std::string_view& bytes) {
  if (matched_ > 0) {
    const auto wanted = std::string_view(delimiter_).substr(matched_);
    const auto [in_delimiter, in_bytes] = std::ranges::mismatch(wanted, bytes);
    const auto count = static_cast<std::size_t>(in_bytes - bytes.begin());
    bytes.remove_prefix(count);
    matched_ += count;
    if (matched_ == delimiter_.size()) return boundary_reached();
    if (bytes.empty()) return {};
    return emit(std::string_view(delimiter_).substr(0, std::exchange(matched_, 0)));
  }
  std::size_t from = 0;
  for (;;) {
    const auto start = bytes.find('\r', from);
    if (start == std::string_view::npos) return emit(std::exchange(bytes, {}));
    const auto candidate = bytes.substr(start, delimiter_.size());
    if (std::string_view(delimiter_).starts_with(candidate)) {
      const auto data = bytes.substr(0, start);
      bytes.remove_prefix(start + candidate.size());
      ADIT_CHECK(emit(data));
      matched_ = candidate.size();
      return matched_ == delimiter_.size() ? boundary_reached() : Result<void>();
    }
    from = start + 1;
  }
}

Result<void> MultipartParser::boundary_reached() {
  matched_ = 0;
  if (std::exchange(state_, State::kAfterBoundary) == State::kData) return sink_.end_part();
  return {};
}

Result<void> MultipartParser::take_boundary_line(std::string_view& bytes) {
  const auto wrong = [] {
    return invalid("A boundary of the multipart body is followed by other text on its line.");
  };
  while (!bytes.empty()) {
    line_.push_back(bytes.front());
    bytes.remove_prefix(1);
    if (line_ == "--") {
      state_ = State::kEpilogue;
      return {};
    }
    if (line_.ends_with(kLineEnd)) {
      if (!trimmed(std::string_view(line_).substr(0, line_.size() - kLineEnd.size())).empty()) return wrong();
      line_.clear();
      state_ = State::kHead;
      return {};
    }
    if (line_.size() > kBoundaryPaddingMax) return wrong();
  }
  return {};
}

Result<void> MultipartParser::take_head(std::string_view& bytes) {
  const auto seen = line_.size();
  line_.append(bytes.substr(0, kPartHeadBytesMax + kHeadEnd.size() - seen));
  const auto taken = line_.size() - seen;
  const auto found = line_.find(kHeadEnd, seen < kHeadEnd.size() ? 0 : seen - kHeadEnd.size() + 1);
  if (line_.starts_with(kLineEnd)) {
    bytes.remove_prefix(kLineEnd.size() - seen);
    line_.clear();
    return begin_part();
  }
  if (found == std::string::npos) {
    if (line_.size() >= kPartHeadBytesMax + kHeadEnd.size()) {
      return invalid("Part " + std::to_string(parts_ + 1) +
                     " of the multipart body has a head of over 16 KiB.");
    }
    bytes.remove_prefix(taken);
    return {};
  }
  bytes.remove_prefix(found + kHeadEnd.size() - seen);
  line_.resize(found);
  return begin_part();
}

Result<void> MultipartParser::begin_part() {
  if (++parts_ > parts_max_) {
    return invalid("The multipart body has more than " + std::to_string(parts_max_) + " parts.");
  }
  ADIT_TRY(const auto head, parse_part_head(line_, parts_));
  line_.clear();
  state_ = State::kData;
  return sink_.begin_part(head);
}

Result<void> MultipartParser::emit(std::string_view data) {
  if (data.empty() || state_ == State::kPreamble) return {};
  return sink_.write(data);
}

}  // namespace adit::http
