#include "formats/names.h"

#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>

namespace adit {

std::string fold_name(std::string_view name) {
  std::string folded;
  auto text = icu::UnicodeString::fromUTF8({name.data(), static_cast<std::int32_t>(name.size())});
  text.foldCase().toUTF8String(folded);
  return folded;
}

bool is_change_date(std::string_view name) { return fold_name(name) == fold_name(kChangeDateColumn); }

bool contains_name(const std::vector<std::string>& names, std::string_view name) {
  const auto folded = fold_name(name);
  return std::ranges::any_of(names, [&](const auto& one) { return fold_name(one) == folded; });
}

TableKey fold_table(const TableName& table) { return {fold_name(table.schema), fold_name(table.name)}; }

bool is_utf8(std::string_view bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto size = static_cast<std::int64_t>(bytes.size());
  for (std::int64_t at = 0; at < size;) {
    UChar32 character = 0;
    U8_NEXT(data, at, size, character);
    if (character < 0) return false;
  }
  return true;
}

bool is_reserved_name(std::string_view name) {
  return fold_name(name.substr(0, 4 * kReservedPrefix.size())).starts_with(kReservedPrefix);
}

namespace {

Result<void> check_name(std::string_view name, const std::string& what) {
  if (name.empty()) return invalid(what + " has an empty name. Give it one.");
  if (name.size() > kNameBytesMax) {
    return invalid(what + " has a name of " + std::to_string(name.size()) + " bytes; at most " +
                   std::to_string(kNameBytesMax) + " are possible.");
  }
  if (name.find('\0') != std::string_view::npos)
    return invalid(what + " has a NUL character in its name. Rename it.");
  if (!is_utf8(name)) return invalid(what + " has a name that is not valid UTF-8.");
  if (is_reserved_name(name)) {
    return invalid(what + " has a name that begins with \"" + std::string(kReservedPrefix) +
                   "\"; such names are reserved.");
  }
  return {};
}

}  // namespace

Result<void> check_table_name(std::string_view name) { return check_name(name, "The table"); }

Result<void> check_schema_name(std::string_view name) {
  ADIT_CHECK(check_name(name, "The data connection"));
  // "pool" is what the engine calls the pool's file: pool.t could mean two tables.
  constexpr std::array<std::string_view, 7> kTaken{"main", "adit",   "pool",      "information_schema",
                                                   "temp", "system", "pg_catalog"};
  if (std::ranges::find(kTaken, fold_name(name)) != kTaken.end()) {
    return invalid("A data connection can't be named \"" + std::string(name) +
                   "\": its tables stand in a schema of that name, and this one is used for other things.");
  }
  return {};
}

Result<void> check_column_name(std::string_view name, std::string_view what) {
  return check_name(name, std::string(what));
}

std::string shorten(std::string_view text, std::size_t bytes_max) {
  const bool cut = text.size() > bytes_max;
  const auto* data = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int64_t>(text.size());
  std::string shortened;
  for (std::int64_t at = 0; at < size;) {
    const auto begin = at;
    UChar32 character = 0;
    U8_NEXT(data, at, size, character);
    const auto piece =
        character < 0 ? std::string_view("\uFFFD")
                      : text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(at - begin));
    if (shortened.size() + piece.size() > bytes_max) break;
    shortened += piece;
  }
  if (cut) shortened += "…";
  return shortened;
}

std::string as_utf8(std::string_view text) { return shorten(text, std::string::npos); }

}  // namespace adit
