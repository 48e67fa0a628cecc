#include "api/row_text.h"

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <charconv>
#include <type_traits>

namespace adit {
namespace {

namespace json = boost::json;

template <class Number>
void append_number(std::string& text, Number value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text.append(digits.data(), end);
}

void append_csv_text(std::string& text, std::string_view value) {
  if (!value.empty() && value.find_first_of(",\"\r\n") == std::string_view::npos && value.front() != ' ' &&
      value.back() != ' ') {
    text += value;
    return;
  }
  text += '"';
  for (const char c : value) {
    if (c == '"') text += '"';
    text += c;
  }
  text += '"';
}

}  // namespace

void append_json(std::string& text, const Cell& cell) {
  std::visit(
      [&text](const auto& value) {
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::monostate>) {
          text += "null";
        } else if constexpr (std::is_same_v<Value, bool>) {
          text += value ? "true" : "false";
        } else if constexpr (std::is_same_v<Value, std::string>) {
          text += json::serialize(json::string_view(value));
        } else {
          append_number(text, value);
        }
      },
      cell);
}

void append_json_array(std::string& text, const std::vector<Cell>& row) {
  text += '[';
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) text += ',';
    append_json(text, row[i]);
  }
  text += ']';
}

void append_json_line(std::string& text, const std::vector<ColumnInfo>& columns,
                      const std::vector<Cell>& row) {
  text += '{';
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) text += ',';
    text += json::serialize(json::string_view(columns[i].name));
    text += ':';
    append_json(text, row[i]);
  }
  text += "}\n";
}

void append_csv_header(std::string& text, const std::vector<ColumnInfo>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) text += ',';
    append_csv_text(text, columns[i].name);
  }
  text += '\n';
}

void append_csv_row(std::string& text, const std::vector<Cell>& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) text += ',';
    std::visit(
        [&text](const auto& value) {
          using Value = std::remove_cvref_t<decltype(value)>;
          if constexpr (std::is_same_v<Value, std::string>) {
            append_csv_text(text, value);
          } else if constexpr (std::is_same_v<Value, bool>) {
            text += value ? "true" : "false";
          } else if constexpr (!std::is_same_v<Value, std::monostate>) {
            append_number(text, value);
          }
        },
        row[i]);
  }
  text += '\n';
}

}  // namespace adit
