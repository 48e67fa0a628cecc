// Rows of a result as text: JSON, JSON lines, CSV.
#pragma once

#include <string>
#include <vector>

#include "warehouse/warehouse.h"

namespace adit {

/// Appends a value as JSON.
void append_json(std::string& text, const Cell& cell);
/// Appends `[a,b,…]`.
void append_json_array(std::string& text, const std::vector<Cell>& row);
/// Appends `{"name":a,…}` and a line end.
void append_json_line(std::string& text, const std::vector<ColumnInfo>& columns,
                      const std::vector<Cell>& row);

/// CSV by RFC 4180 with lines that end in LF, in the form that a push reads without options: null is an empty
/// field, an empty text is `""`.
void append_csv_header(std::string& text, const std::vector<ColumnInfo>& columns);
void append_csv_row(std::string& text, const std::vector<Cell>& row);

}  // namespace adit
