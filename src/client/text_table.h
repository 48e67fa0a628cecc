// Rows as text: an aligned table for a person, CSV (RFC 4180) for a program.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace adit::client {

/// A cell; absent is null.
using Cell = std::optional<std::string>;

struct TextTable {
  enum class Align { kLeft, kRight };
  struct Column {
    std::string name;
    Align align = Align::kLeft;
  };

  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

/// Columns as wide as their widest cell, at most `cell_width_max` terminal columns each; null is NULL. Line
/// ends and other control characters within a cell show as escapes.
std::string render_table(const TextTable& table, std::size_t cell_width_max = 60);

/// A header and the rows. Null is an empty field, an empty text `""`.
std::string render_csv(const TextTable& table);

}  // namespace adit::client
