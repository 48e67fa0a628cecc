#include "warehouse/duckdb/table_statement.h"

#include <algorithm>
#include <optional>

#include "formats/names.h"
#include "warehouse/duckdb/sql_gate.h"
#include "warehouse/duckdb/sql_tree.h"

namespace adit {
namespace {

constexpr std::size_t kColumnsMax = 4096;

Error wrong_form() {
  return invalid(
      "Only one statement of these forms can run after a push: CREATE [OR REPLACE] TABLE t AS SELECT …, "
      "INSERT "
      "INTO t [(columns)] SELECT …, UPDATE t SET … [WHERE …], DELETE FROM t [WHERE …]; t is a global "
      "table of the pool, or \"connection\".t of the job's own data connection, without alias.");
}

/// Reads the words of a statement's head one after the other.
class HeadReader {
 public:
  explicit HeadReader(std::string_view sql) : sql_(sql) { skip_blanks(); }

  /// Takes the keyword if it is next.
  bool keyword(std::string_view lower) {
    const auto end = plain_end();
    if (end == at_ || engine_lower(sql_.substr(at_, end - at_)) != lower) return false;
    advance(end);
    return true;
  }
  bool symbol(char c) {
    if (at_ >= sql_.size() || sql_[at_] != c) return false;
    advance(at_ + 1);
    return true;
  }
  /// Takes a plain or quoted identifier.
  std::optional<std::string> identifier() {
    if (at_ < sql_.size() && sql_[at_] == '"') return quoted();
    const auto end = plain_end();
    if (end == at_ || (sql_[at_] >= '0' && sql_[at_] <= '9')) return std::nullopt;
    std::string name(sql_.substr(at_, end - at_));
    advance(end);
    return name;
  }
  std::string_view rest() const { return sql_.substr(at_); }
  std::size_t place() const { return at_; }
  void go_back(std::size_t place) { at_ = place; }

 private:
  static bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  }
  std::size_t plain_end() const {
    auto end = at_;
    while (end < sql_.size() && is_plain(sql_[end])) ++end;
    return end;
  }
  std::optional<std::string> quoted() {
    std::string name;
    for (auto i = at_ + 1; i < sql_.size(); ++i) {
      if (sql_[i] != '"') {
        name += sql_[i];
      } else if (i + 1 < sql_.size() && sql_[i + 1] == '"') {
        name += sql_[i++];
      } else {
        advance(i + 1);
        return name;
      }
    }
    return std::nullopt;
  }
  void advance(std::size_t to) {
    at_ = to;
    skip_blanks();
  }
  void skip_blanks() {
    while (at_ < sql_.size()) {
      if (sql_.substr(at_).starts_with("--")) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (std::string_view(" \t\r\n\f\v").find(sql_[at_]) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
  }

  const std::string_view sql_;
  std::size_t at_ = 0;
};

/// `(a, b)` before the query of an INSERT. A parenthesis may as well begin the query.
Result<void> read_columns(HeadReader& head, TableStatement& statement) {
  const auto begin = head.place();
  if (!head.symbol('(')) return {};
  const auto inside = head.place();
  for (const auto* word : {"select", "with", "from", "values", "table"}) {
    if (head.keyword(word)) {
      head.go_back(begin);
      return {};
    }
  }
  head.go_back(inside);
  do {
    auto name = head.identifier();
    if (!name || statement.columns.size() == kColumnsMax) return wrong_form();
    statement.columns.push_back(*std::move(name));
  } while (head.symbol(','));
  if (!head.symbol(')')) return wrong_form();
  return {};
}

Result<void> read_name(HeadReader& head, TableStatement& statement) {
  auto name = head.identifier();
  if (!name) return wrong_form();
  if (head.symbol('.')) {
    auto table = head.identifier();
    if (!table) return wrong_form();
    if (engine_lower(*name) != "main") statement.table.schema = *std::move(name);
    name = std::move(table);
  }
  ADIT_CHECK(check_table_name(*name));
  statement.table.name = *std::move(name);
  return {};
}

Result<void> read_create(HeadReader& head, TableStatement& statement) {
  statement.kind = StatementKind::kCreateTableAs;
  if (head.keyword("or")) {
    if (!head.keyword("replace")) return wrong_form();
    statement.or_replace = true;
  }
  if (!head.keyword("table")) return wrong_form();
  const auto name = head.place();
  if (head.keyword("if")) {
    if (head.keyword("not") && head.keyword("exists")) {
      statement.if_not_exists = true;
    } else {
      head.go_back(name);
    }
  }
  ADIT_CHECK(read_name(head, statement));
  if (!head.keyword("as")) return wrong_form();
  return {};
}

Result<void> read_head(HeadReader& head, TableStatement& statement) {
  if (head.keyword("create")) return read_create(head, statement);
  if (head.keyword("insert")) {
    statement.kind = StatementKind::kInsert;
    if (!head.keyword("into")) return wrong_form();
    ADIT_CHECK(read_name(head, statement));
    return read_columns(head, statement);
  }
  if (head.keyword("update")) {
    statement.kind = StatementKind::kUpdate;
    ADIT_CHECK(read_name(head, statement));
    return head.keyword("set") ? Result<void>() : wrong_form();
  }
  if (!head.keyword("delete") || !head.keyword("from")) return wrong_form();
  statement.kind = StatementKind::kDelete;
  ADIT_CHECK(read_name(head, statement));
  const auto condition = head.place();
  const bool all = head.rest().empty() || head.rest() == ";";
  if (!all && !head.keyword("where")) return wrong_form();
  head.go_back(condition);
  return {};
}

}  // namespace

Result<TableStatement> parse_table_statement(std::string_view sql, std::string_view schema) {
  if (sql.size() > kQuerySqlBytesMax) {
    return invalid("The statement is longer than " + std::to_string(kQuerySqlBytesMax) + " bytes.");
  }
  if (sql.find('\0') != std::string_view::npos) return invalid("The statement holds a NUL character.");
  if (!is_utf8(sql)) return invalid("The statement is not UTF-8.");
  HeadReader head(sql);
  TableStatement statement;
  ADIT_CHECK(read_head(head, statement));
  const auto& own = statement.table.schema;
  if (!own.empty() && fold_name(own) != fold_name(schema)) {
    return invalid(
        "The statement names \"" + shorten(own, kNameBytesMax) +
        "\": it can change global tables and those of the job's own data connection" +
        (schema.empty() ? std::string(", and this job has none.") : " \"" + std::string(schema) + "\"."));
  }
  statement.rest = head.rest();
  if (statement.rest.empty() && statement.kind != StatementKind::kDelete) return wrong_form();
  return statement;
}

}  // namespace adit
