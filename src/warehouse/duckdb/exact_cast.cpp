#include "warehouse/duckdb/exact_cast.h"

namespace adit {
namespace {

constexpr int kDecimalWidthMax = 38;
constexpr int kScaleStep = 3;
/// Decimals of so many digits are each a double of their own, and the engine divides them without an error.
constexpr int kExactDigitsMax = 15;

bool is_number(TypeKind kind) {
  return kind == TypeKind::kInteger || kind == TypeKind::kFloat || kind == TypeKind::kDecimal;
}

bool always_exact(const StoredType& from, const StoredType& to) {
  return from.kind == TypeKind::kDecimal && to.kind == TypeKind::kFloat && from.width <= kExactDigitsMax;
}

std::string try_cast(const std::string& value, const StoredType& type) {
  return "TRY_CAST(" + value + " AS " + sql_name(type) + ")";
}

std::string by_text(const std::string& value, const StoredType& type) {
  return try_cast("CAST(" + value + " AS VARCHAR)", type);
}

/// Far from zero the shortest text of a double is not all of its digits: there both must say the same.
std::string is_unambiguous(const std::string& number, const std::string& decimal, const StoredType& type) {
  return "(" + within_exact_double(number) + " OR " + try_cast("TRY_CAST(" + number + " AS HUGEINT)", type) +
         " = " + decimal + ")";
}

}  // namespace

std::string within_exact_double(const std::string& value) {
  return value + " BETWEEN -9007199254740992 AND 9007199254740992";
}

std::string exact_cast(const std::string& value, const StoredType& from, const StoredType& to) {
  const bool double_and_decimal = (from.kind == TypeKind::kFloat && to.kind == TypeKind::kDecimal) ||
                                  (from.kind == TypeKind::kDecimal && to.kind == TypeKind::kFloat);
  if (double_and_decimal && !always_exact(from, to)) return by_text(value, to);
  if (is_number(from.kind)) return try_cast(value, to);
  // TRY_CAST to nanoseconds throws beyond their years.
  return "TRY(CAST(" + value + " AS " + sql_name(to) + "))";
}

std::string cast_is_exact(const std::string& value, const std::string& cast, const StoredType& from,
                          const StoredType& to) {
  if (always_exact(from, to)) return cast + " IS NOT NULL";
  if (from.kind == TypeKind::kInteger && to.kind == TypeKind::kFloat) return within_exact_double(value);
  if (from.kind == TypeKind::kFloat && to.kind == TypeKind::kInteger)
    return try_cast(cast, from) + " = " + value + " AND " + within_exact_double(value);
  if (from.kind == TypeKind::kFloat && to.kind == TypeKind::kDecimal)
    return by_text(cast, from) + " = " + value + " AND " + is_unambiguous(value, cast, to);
  if (from.kind == TypeKind::kDecimal && to.kind == TypeKind::kFloat)
    return by_text(cast, from) + " = " + value + " AND " + is_unambiguous(cast, value, from);
  if (from.kind == TypeKind::kDecimal && to.kind == TypeKind::kDecimal && to.scale < from.scale) {
    // Compared as decimals of the narrower scale a rounded value would look the same.
    return by_text(cast, decimal_type(kDecimalWidthMax, from.scale)) + " = " + value;
  }
  if (is_number(from.kind) && to.kind == TypeKind::kDecimal &&
      (from.kind == TypeKind::kInteger || to.scale >= from.scale)) {
    return cast + " IS NOT NULL";
  }
  return try_cast(cast, from) + " = " + value;
}

std::string stays_exact(const std::string& value, const StoredType& from, const StoredType& to) {
  if (from == to) return "true";
  return "(" + value + " IS NULL OR coalesce(" + cast_is_exact(value, exact_cast(value, from, to), from, to) +
         ", false))";
}

std::vector<StoredType> types_beside(const StoredType& table, const StoredType& wider) {
  std::vector<StoredType> types;
  if (!is_number(table.kind) || !is_number(wider.kind)) return types;
  const int least = table.kind == TypeKind::kDecimal ? table.scale : 1;
  for (int scale = kScaleStep; scale < kDecimalWidthMax; scale += kScaleStep) {
    if (scale >= least) types.push_back(decimal_type(kDecimalWidthMax, scale));
  }
  return types;
}

}  // namespace adit
