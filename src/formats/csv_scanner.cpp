#include "formats/csv_scanner.h"

#include <algorithm>
#include <utility>

namespace adit {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

}  // namespace

CsvScanner::CsvScanner(std::string_view text, CsvDialect dialect)
    : text_(text), dialect_(std::move(dialect)) {
  if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  for (const char c : {'\n', '\r', dialect_.separator.front()})
    ends_plain_[static_cast<unsigned char>(c)] = true;
  skips_blanks_ = dialect_.separator.front() != ' ' && dialect_.quote != ' ' && dialect_.escape != ' ';
}

bool CsvScanner::at_separator() const {
  return text_[at_] == dialect_.separator.front() && text_.substr(at_).starts_with(dialect_.separator);
}

/// Whether a quoted field begins here.
bool CsvScanner::skip_to_quote() {
  const auto rest = text_.substr(at_);
  const std::size_t blanks = skips_blanks_ && rest.starts_with(' ') ? 1 : 0;
  if (!rest.substr(blanks).starts_with(dialect_.quote)) return false;
  at_ += blanks;
  return true;
}

bool CsvScanner::next(CsvRecord& record) {
  record.fields.clear();
  record.problem.reset();
  record.line_end = {};
  record.line = line_;
  record.byte = at_;
  if (at_ >= text_.size()) return false;
  for (;;) {
    if (skip_to_quote()) {
      read_quoted(record);
    } else {
      read_plain(record);
    }
    if (at_ >= text_.size() || !at_separator()) break;
    at_ += dialect_.separator.size();
  }
  record.text = text_.substr(record.byte, at_ - record.byte);
  skip_line_end(record);
  return true;
}

void CsvScanner::read_quoted(CsvRecord& record) {
  const auto begin = ++at_;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '\n') ++line_;
    if (c == dialect_.escape && at_ + 1 < text_.size() &&
        (text_[at_ + 1] == dialect_.quote || (c != dialect_.quote && text_[at_ + 1] == c))) {
      ++at_;
    } else if (c == dialect_.quote) {
      break;
    }
  }
  record.fields.push_back({text_.substr(begin, at_ - begin), true});
  if (at_ >= text_.size()) {
    record.problem = CsvProblem::kUnterminatedQuote;
    return;
  }
  ++at_;
  while (skips_blanks_ && at_ < text_.size() && text_[at_] == ' ') ++at_;
  if (at_ < text_.size() && !is_line_end(text_[at_]) && !at_separator()) {
    record.problem = CsvProblem::kTextAfterQuote;
    while (at_ < text_.size() && !is_line_end(text_[at_]) && !at_separator()) ++at_;
  }
}

void CsvScanner::read_plain(CsvRecord& record) {
  const auto begin = at_;
  for (; at_ < text_.size(); ++at_) {
    if (!ends_plain_[static_cast<unsigned char>(text_[at_])]) continue;
    if (is_line_end(text_[at_]) || at_separator()) break;
  }
  record.fields.push_back({text_.substr(begin, at_ - begin), false});
}

void CsvScanner::skip_line_end(CsvRecord& record) {
  if (at_ >= text_.size()) return;
  const auto begin = at_;
  if (text_[at_] == '\r') ++at_;
  if (at_ < text_.size() && text_[at_] == '\n') ++at_;
  record.line_end = text_.substr(begin, at_ - begin);
  ++line_;
}

std::size_t end_of_rows(std::string_view text) {
  const auto end = text.find_last_not_of("\r\n") + 1;
  const std::size_t line_end = text.substr(end).starts_with("\r\n") ? 2 : 1;
  return std::min(end + line_end, text.size());
}

std::string csv_value(const CsvField& field, const CsvDialect& dialect) {
  if (!field.quoted) return std::string(field.raw);
  std::string value;
  value.reserve(field.raw.size());
  for (std::size_t at = 0; at < field.raw.size(); ++at) {
    const char c = field.raw[at];
    if (c == dialect.escape && at + 1 < field.raw.size() &&
        (field.raw[at + 1] == dialect.quote || field.raw[at + 1] == dialect.escape)) {
      value += field.raw[++at];
    } else {
      value += c;
    }
  }
  return value;
}

}  // namespace adit
