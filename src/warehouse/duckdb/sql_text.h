// How names and values get into SQL text: these functions and no other.
#pragma once

#include <string>
#include <string_view>

#include "model/table_name.h"

namespace adit {

/// `"name"` with inner quotes doubled. A NUL is passed on: run() refuses SQL that holds one.
std::string quote_identifier(std::string_view name);
/// A schema as it stands before a name: `main` for the global one, which is the empty text.
std::string quote_schema(std::string_view schema);
/// `schema."name"`.
std::string quote_table(const TableName& table);
/// `'text'` with inner quotes doubled. A NUL is passed on: run() refuses SQL that holds one.
std::string quote_literal(std::string_view text);

}  // namespace adit
