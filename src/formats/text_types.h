// Which type the values of a CSV column seem to have. Strict: a text counts as a number or a moment only if
// nothing is lost by storing it so; `00012`, `1e`, ` 5` are text, and so are fractions with other digits than
// their double is printed with, and `1E5`, which may be a code: programs print a point or a sign.
#pragma once

#include <optional>
#include <string_view>

#include "formats/column_types.h"

namespace adit {

/// The narrowest type for one text: INTEGER, FLOAT, BOOLEAN, DATE, DATETIME or STRING.
TypeKind guess_type(std::string_view text);

/// Gathers the values of one column. The engine checks every value against the guess later.
class TypeGuess {
 public:
  void add(std::string_view text);
  /// nullopt when there was no value.
  std::optional<StoredType> type() const { return type_; }

 private:
  std::optional<StoredType> type_;
};

}  // namespace adit
