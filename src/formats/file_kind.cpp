#include "formats/file_kind.h"

#include <array>
#include <utility>

namespace adit {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kBinaryKinds{{
    {"PAR1"sv, "a Parquet file"},
    {"PARE"sv, "an encrypted Parquet file"},
    {"PK\x03\x04"sv, "a ZIP archive (an Excel workbook is one)"},
    {"\x1F\x8B"sv, "a gzip file"},
    {"\x28\xB5\x2F\xFD"sv, "a Zstandard file"},
    {"%PDF"sv, "a PDF document"},
    {"\xD0\xCF\x11\xE0"sv, "an old Excel or Word document"},
    {"ORC"sv, "an ORC file"},
    {"Obj\x01"sv, "an Avro file"},
    {"ARROW1"sv, "an Arrow file"},
    {"\xFF\xFE"sv, "text in UTF-16"},
    {"\xFE\xFF"sv, "text in UTF-16"},
}};

}  // namespace

std::string_view describe_file_kind(std::string_view beginning) {
  for (const auto& [magic, kind] : kBinaryKinds) {
    if (beginning.starts_with(magic)) return kind;
  }
  if (beginning.find('\0') != std::string_view::npos) return "a binary file";
  const auto first = beginning.find_first_not_of(" \t\r\n\xEF\xBB\xBF"sv);
  if (first != std::string_view::npos) {
    if (beginning[first] == '{' || beginning[first] == '[') return "JSON";
    if (beginning[first] == '<') return "HTML or XML";
  }
  return "text";
}

bool may_be_csv(std::string_view beginning) {
  for (const auto& [magic, kind] : kBinaryKinds) {
    // "ORC" may well begin a header.
    if (magic != "ORC" && beginning.starts_with(magic)) return false;
  }
  return beginning.find('\0') == std::string_view::npos;
}

}  // namespace adit
