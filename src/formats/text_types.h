// Which type the values of a CSV column seem to have. Strict: a text counts as a number or a moment only if
// nothing is lost by storing it so; `00012`, `1e`, ` 5` are text, and so are fractions with other digits than
// their double is printed with, and `1E5`, which may be a code: programs print a point or a sign.
#pragma once

#include <optional>
#include <string_view>

#include "formats/column_types.h"

namespace adit {

/// Rows whose keys are the same value are the same row: there a text counts as a number or a boolean only if
/// it is the one that the value is printed as. `1.10`, `1e+2` and `TRUE` are text.
enum class ColumnUse { kValue, kKey };

/// The narrowest type for one text: INTEGER, FLOAT, BOOLEAN, DATE, DATETIME or STRING.
TypeKind guess_type(std::string_view text, ColumnUse use = ColumnUse::kValue);

/// Gathers the values of one column. The engine checks every value against the guess later.
class TypeGuess {
 public:
  explicit TypeGuess(ColumnUse use = ColumnUse::kValue) : use_(use) {}
  void add(std::string_view text);
  /// nullopt when there was no value.
  std::optional<StoredType> type() const { return type_; }

 private:
  ColumnUse use_;
  std::optional<StoredType> type_;
};

}  // namespace adit
