// How a number or a moment becomes one of another type with nothing lost, as SQL. The engine's own casts
// round in silence.
#pragma once

#include <string>
#include <vector>

#include "formats/column_types.h"

namespace adit {

/// SQL that is true of the integers that are each a double of their own, up to 2^53. The least integer has no
/// abs().
std::string within_exact_double(const std::string& value);

/// `value` as `to`; null where there is none near it. A double is what its shortest text says: 0.1 is 0.1,
/// and no digits come from the engine's arithmetic.
std::string exact_cast(const std::string& value, const StoredType& from, const StoredType& to);

/// SQL that is true where `cast`, which is exact_cast() of `value`, is the same; may be null elsewhere.
std::string cast_is_exact(const std::string& value, const std::string& cast, const StoredType& from,
                          const StoredType& to);

/// The same of any value, the null included: true or false.
std::string stays_exact(const std::string& value, const StoredType& from, const StoredType& to);

/// The types that may hold both a table's and a job's values where `wider`, the next one, does not.
std::vector<StoredType> types_beside(const StoredType& table, const StoredType& wider);

}  // namespace adit
