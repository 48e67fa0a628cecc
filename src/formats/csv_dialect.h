// Which separator, quote and escape a CSV text uses.
#pragma once

#include <string_view>

#include "base/result.h"
#include "formats/csv_scanner.h"
#include "model/table_schema.h"

namespace adit {

/// Takes what the options give and detects the rest from the beginning of the file: the separator (comma,
/// semicolon, tab or bar) under which most records have as many fields as the header. One column, or nothing
/// that fits: the comma. Where several fit, a tab wins over the others, and one that looks like a part of
/// texts
/// ("Paris, France", "1,5") gives way to one that does not; kInvalid names them when nothing decides.
/// `sample` may end in the middle of a record.
Result<CsvDialect> detect_csv_dialect(std::string_view sample, const CsvOptions& options);

}  // namespace adit
