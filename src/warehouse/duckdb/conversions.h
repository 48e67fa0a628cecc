// How a value of a chunk becomes a value of a table, exactly or not at all, as SQL.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/column_types.h"

namespace adit {

/// What counts as a number or a moment in text.
enum class TextRule {
  kStrict,   ///< only if nothing of the text is lost: for types that the table has
  kGuessed,  ///< the same, and no `1E5`, which may be a code: for types that were guessed
  kKey,      ///< only the one text that the value is printed as: for guessed types of keys
  kLenient,  ///< whatever means that value exactly (`00012` is 12): for types that the client declared
};

/// `CASE WHEN condition THEN value …`; a value for which no condition holds does not fit.
struct ConversionBranch {
  std::string condition;  ///< empty: always
  std::string value;
};

struct Conversion {
  std::string source;  ///< computes `c` from the file's column
  std::string helper;  ///< computes `t` from the file's column; empty: not needed
  std::vector<ConversionBranch> branches;

  /// True for every value, without a test.
  bool always_fits() const { return branches.size() == 1 && branches[0].condition.empty(); }
  /// SQL that is true exactly for the values that fit; may be null for null.
  std::string fits() const;
};

/// Where a conversion finds its input: `reference` in the innermost SELECT, `c` and `t` in the one around it.
struct ConversionNames {
  std::string reference;
  std::string c;
  std::string t;
};

/// A value of a CSV file: text, as it stands there.
Conversion text_conversion(const ConversionNames& names, const StoredType& to, TextRule rule);
/// A value of a Parquet file that the engine reads as `engine_type`.
Conversion native_conversion(const ConversionNames& names, std::string_view engine_type, const StoredType& to,
                             TextRule rule);

}  // namespace adit
