// A statement that changes one table, taken apart as far as the server must write it itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table_name.h"

namespace adit {

enum class StatementKind { kCreateTableAs, kInsert, kUpdate, kDelete };

/// The head is read here and written anew with quoted names; the rest is the user's text, which the gate has
/// to pass before it may stand behind that head.
struct TableStatement {
  StatementKind kind = StatementKind::kInsert;
  TableName table;  ///< as the user wrote it, without quotes
  bool or_replace = false;
  bool if_not_exists = false;
  std::vector<std::string> columns;  ///< of an INSERT that names them
  /// What follows: the query of CREATE and INSERT, the assignments of UPDATE and what follows them, the
  /// condition of DELETE with its WHERE.
  std::string rest;
};

/// Reads `CREATE [OR REPLACE] TABLE [IF NOT EXISTS] t AS query`, `INSERT INTO t [(a, b)] query`,
/// `UPDATE t SET …`, `DELETE FROM t [WHERE …]`; t is a global table or, with it in front, one of `schema`,
/// without alias.
/// Anything else is kInvalid. The rest is not looked at.
Result<TableStatement> parse_table_statement(std::string_view sql, std::string_view schema);

}  // namespace adit
