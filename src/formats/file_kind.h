// What the first bytes of a file look like, for messages when it is not what was promised.
#pragma once

#include <string_view>

namespace adit {

inline constexpr std::string_view kParquetMagic = "PAR1";

/// "a Parquet file", "a ZIP archive (an Excel workbook is one)", "text", … `beginning` is at most the first
/// few KB.
std::string_view describe_file_kind(std::string_view beginning);

/// Whether the bytes can be the beginning of a CSV text: no NUL, no known binary format.
bool may_be_csv(std::string_view beginning);

}  // namespace adit
