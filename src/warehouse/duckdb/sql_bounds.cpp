#include "warehouse/duckdb/sql_bounds.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "warehouse/duckdb/sql_tree.h"

namespace adit {
namespace {

// The parsed tree takes about 300 bytes for each.
constexpr std::uint64_t kExpandedBytesMax = 300'000;
constexpr std::uint64_t kWindowBytesMax = 1'000'000;

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) { return is_word_start(c) || (c >= '0' && c <= '9') || c == '$'; }

/// Cuts SQL into words and single other characters; strings, quoted names and comments are skipped as one
/// piece.
class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  /// The next piece; empty at the end.
  std::string_view next() {
    const auto begin = at_;
    if (at_ >= sql_.size()) return {};
    const char c = sql_[at_];
    if (is_word_start(c)) {
      while (at_ < sql_.size() && is_word(sql_[at_])) ++at_;
      const auto word = sql_.substr(begin, at_ - begin);
      // E'…' knows backslashes.
      if (at_ < sql_.size() && sql_[at_] == '\'' && (word == "e" || word == "E")) skip_quoted('\'', true);
    } else if (c >= '0' && c <= '9') {
      while (at_ < sql_.size() && is_word(sql_[at_])) ++at_;
    } else if (c == '\'' || c == '"') {
      skip_quoted(c, false);
    } else if (sql_.substr(at_).starts_with("--")) {
      at_ = std::min(sql_.find_first_of("\r\n", at_), sql_.size());
    } else if (sql_.substr(at_).starts_with("/*")) {
      skip_comment();
    } else if (c != '$' || !skip_dollar_quoted()) {
      ++at_;
    }
    return sql_.substr(begin, at_ - begin);
  }

 private:
  void skip_quoted(char quote, bool backslashes) {
    ++at_;
    while (at_ < sql_.size() && sql_[at_] != quote) at_ += backslashes && sql_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, sql_.size());
  }

  void skip_comment() {
    int depth = 0;
    do {
      if (sql_.substr(at_).starts_with("/*")) {
        ++depth;
        at_ += 2;
      } else if (sql_.substr(at_).starts_with("*/")) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < sql_.size());
  }

  bool skip_dollar_quoted() {
    auto end = at_ + 1;
    while (end < sql_.size() && sql_[end] != '$' && is_word(sql_[end])) ++end;
    if (end >= sql_.size() || sql_[end] != '$') return false;
    const auto tag = sql_.substr(at_, end + 1 - at_);
    const auto close = sql_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
    return true;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
};

/// Adds up the bytes of each CASE with the copies of its operand.
class CaseBytes {
 public:
  void piece(std::size_t bytes) { add(bytes); }
  void open() { open_.push_back({}); }
  void when() {
    if (open_.size() > 1) ++open_.back().whens;
  }
  void end() {
    if (open_.size() == 1) return;
    const auto closed = open_.back();
    open_.pop_back();
    add(closed.operand * std::max<std::uint64_t>(1, closed.whens) + closed.branches);
  }
  /// As if every open CASE ended here.
  std::uint64_t total() {
    while (open_.size() > 1) end();
    return open_.back().operand;
  }

 private:
  struct Case {
    std::uint64_t operand = 0;
    std::uint64_t whens = 0;
    std::uint64_t branches = 0;
  };

  void add(std::uint64_t bytes) {
    auto& sum = open_.back().whens == 0 ? open_.back().operand : open_.back().branches;
    sum = std::min(sum + std::min(bytes, kExpandedBytesMax + 1), kExpandedBytesMax + 1);
  }

  std::vector<Case> open_{{}};  ///< the first is the text outside of any CASE
};

}  // namespace

Result<void> check_parse_size(std::string_view sql) {
  Lexer lexer(sql);
  CaseBytes cases;
  std::uint64_t overs = 0;
  std::uint64_t window_bytes = 0;
  std::string before;
  for (auto piece = lexer.next(); !piece.empty(); piece = lexer.next()) {
    const bool blank = piece.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos ||
                       piece.starts_with("--") || piece.starts_with("/*");
    if (blank) continue;
    auto word = engine_lower(piece.substr(0, 16));
    cases.piece(piece.size() + 1);
    if (window_bytes > 0) window_bytes += piece.size() + 1;
    // Behind a dot or AS the keywords are names.
    if (before != "." && before != "as") {
      if (word == "case") cases.open();
      if (word == "when") cases.when();
      if (word == "end") cases.end();
      if (word == "over") ++overs;
      if (word == "window" && window_bytes == 0) window_bytes = 1;
    }
    before = std::move(word);
  }
  if (cases.total() > kExpandedBytesMax) {
    return invalid("CASE expressions are nested too deeply in the operand of another CASE.");
  }
  if (overs * window_bytes > kWindowBytesMax) {
    return invalid(
        "The WINDOW clause is used too often for its length; write it into OVER (…) where it is needed.");
  }
  return {};
}

}  // namespace adit
