#include "client/text_table.h"

#include <algorithm>

#include "client/human.h"

namespace adit::client {
namespace {

// A cell's content must not move the cursor or end the line.
std::string visible(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string result;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\n') {
      result += "\\n";
    } else if (letter == '\t') {
      result += "\\t";
    } else if (letter == '\r') {
      result += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      result += "\\x";
      result += kHex[byte >> 4];
      result += kHex[byte & 15];
    } else {
      result += letter;
    }
  }
  return result;
}

void append_cell(std::string& out, const std::string& text, std::size_t width, TextTable::Align align,
                 bool last) {
  const std::size_t padding = width - std::min(width, display_width(text));
  if (align == TextTable::Align::kRight) out.append(padding, ' ');
  out += text;
  if (align == TextTable::Align::kLeft && !last) out.append(padding, ' ');
  out += last ? "\n" : "  ";
}

void append_csv_field(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char letter : text) {
    if (letter == '"') out += '"';
    out += letter;
  }
  out += '"';
}

}  // namespace

std::string render_table(const TextTable& table, std::size_t cell_width_max) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> head;
  for (const auto& column : table.columns) head.push_back(cut_to_width(visible(column.name), cell_width_max));
  lines.push_back(std::move(head));
  for (const auto& row : table.rows) {
    std::vector<std::string> line;
    for (const auto& cell : row) line.push_back(cell ? cut_to_width(visible(*cell), cell_width_max) : "NULL");
    lines.push_back(std::move(line));
  }
  std::vector<std::size_t> widths(table.columns.size(), 1);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < std::min(line.size(), widths.size()); ++i) {
      widths[i] = std::max(widths[i], display_width(line[i]));
    }
  }
  std::string out;
  for (std::size_t number = 0; number < lines.size(); ++number) {
    const auto& line = lines[number];
    for (std::size_t i = 0; i < std::min(line.size(), widths.size()); ++i) {
      append_cell(out, line[i], widths[i], table.columns[i].align, i + 1 == widths.size());
    }
    if (number > 0) continue;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      out.append(widths[i], '-');
      out += i + 1 == widths.size() ? "\n" : "  ";
    }
  }
  return out;
}

std::string render_csv(const TextTable& table) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (i > 0) out += ',';
    append_csv_field(out, table.columns[i].name);
  }
  out += "\r\n";
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      if (row[i]) append_csv_field(out, *row[i]);
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace adit::client
