#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out;
  out.reserve(text.size() + 2);
  out += quote;
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  out += quote;
  return out;
}

}  // namespace

std::string quote_identifier(std::string_view name) { return quoted(name, '"'); }
std::string quote_schema(std::string_view schema) {
  return schema.empty() ? "main" : quote_identifier(schema);
}
std::string quote_table(const TableName& table) {
  return quote_schema(table.schema) + "." + quote_identifier(table.name);
}
std::string quote_literal(std::string_view text) { return quoted(text, '\''); }

}  // namespace adit
