#include "formats/column_types.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace adit {
namespace {

constexpr int kDecimalWidthMax = 38;
/// Of the DECIMALs that hold doubles beside integers above 2^53.
constexpr std::array kWideDecimalScales{9, 18};
constexpr int kIntegerDigits = 19;

StoredType kind_only(TypeKind kind) { return {.kind = kind}; }

bool is_number(TypeKind kind) {
  return kind == TypeKind::kInteger || kind == TypeKind::kFloat || kind == TypeKind::kDecimal;
}

/// DATE, DATETIME and DATETIME with nanoseconds in the order of widening; 0 for all others.
int moment_rank(TypeKind kind) {
  switch (kind) {
    case TypeKind::kDate:
      return 1;
    case TypeKind::kDateTime:
      return 2;
    case TypeKind::kDateTimeNs:
      return 3;
    default:
      return 0;
  }
}

StoredType as_decimal(const StoredType& type) {
  return type.kind == TypeKind::kDecimal ? type : decimal_type(kIntegerDigits, 0);
}

StoredType widened_number(const StoredType& a, const StoredType& b) {
  if (a.kind == TypeKind::kFloat || b.kind == TypeKind::kFloat) {
    const auto& other = a.kind == TypeKind::kFloat ? b : a;
    // A wide DECIMAL is where doubles beside large integers have gone already: there is no way back.
    if (other.kind == TypeKind::kDecimal && other.width == kDecimalWidthMax) return other;
    return kind_only(TypeKind::kFloat);
  }
  const auto left = as_decimal(a);
  const auto right = as_decimal(b);
  const int scale = std::max(left.scale, right.scale);
  const int integer_digits = std::max(left.width - left.scale, right.width - right.scale);
  return decimal_type(std::min(kDecimalWidthMax, integer_digits + scale), scale);
}

}  // namespace

StoredType decimal_type(int width, int scale) {
  return {.kind = TypeKind::kDecimal, .width = width, .scale = scale};
}

std::string sql_name(const StoredType& type) {
  switch (type.kind) {
    case TypeKind::kInteger:
      return "BIGINT";
    case TypeKind::kFloat:
      return "DOUBLE";
    case TypeKind::kDecimal:
      return "DECIMAL(" + std::to_string(type.width) + "," + std::to_string(type.scale) + ")";
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTime:
      return "TIME";
    case TypeKind::kDateTime:
      return "TIMESTAMP";
    case TypeKind::kDateTimeNs:
      return "TIMESTAMP_NS";
    case TypeKind::kString:
      return "VARCHAR";
    case TypeKind::kOther:
      return type.other;
  }
  std::unreachable();
}

StoredType stored_type(std::string_view name) {
  if (name == "BIGINT") return kind_only(TypeKind::kInteger);
  if (name == "DOUBLE") return kind_only(TypeKind::kFloat);
  if (name == "BOOLEAN") return kind_only(TypeKind::kBoolean);
  if (name == "DATE") return kind_only(TypeKind::kDate);
  if (name == "TIME") return kind_only(TypeKind::kTime);
  if (name == "TIMESTAMP") return kind_only(TypeKind::kDateTime);
  if (name == "TIMESTAMP_NS") return kind_only(TypeKind::kDateTimeNs);
  if (name == "VARCHAR") return kind_only(TypeKind::kString);
  int width = 0;
  int scale = 0;
  if (std::sscanf(std::string(name).c_str(), "DECIMAL(%d,%d)", &width, &scale) == 2)
    return decimal_type(width, scale);
  return {.kind = TypeKind::kOther, .other = std::string(name)};
}

std::string client_name(const StoredType& type) {
  switch (type.kind) {
    case TypeKind::kInteger:
      return "INTEGER";
    case TypeKind::kFloat:
      return "FLOAT";
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTime:
      return "TIME";
    case TypeKind::kDateTime:
    case TypeKind::kDateTimeNs:
      return "DATETIME";
    case TypeKind::kString:
      return "STRING";
    case TypeKind::kDecimal:
    case TypeKind::kOther:
      return sql_name(type);
  }
  std::unreachable();
}

StoredType stored_type(ColumnType declared) {
  switch (declared) {
    case ColumnType::kInteger:
      return kind_only(TypeKind::kInteger);
    case ColumnType::kDate:
      return kind_only(TypeKind::kDate);
    case ColumnType::kTime:
      return kind_only(TypeKind::kTime);
    case ColumnType::kDateTime:
      return kind_only(TypeKind::kDateTime);
    case ColumnType::kFloat:
      return kind_only(TypeKind::kFloat);
    case ColumnType::kBoolean:
      return kind_only(TypeKind::kBoolean);
    case ColumnType::kString:
      return kind_only(TypeKind::kString);
  }
  std::unreachable();
}

StoredType natural_type(std::string_view name) {
  for (const auto* integer :
       {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}) {
    if (name == integer) return kind_only(TypeKind::kInteger);
  }
  if (name == "UBIGINT") return decimal_type(20, 0);
  if (name == "HUGEINT" || name == "UHUGEINT") return decimal_type(kDecimalWidthMax, 0);
  if (name == "FLOAT") return kind_only(TypeKind::kFloat);
  if (name == "TIMESTAMP_S" || name == "TIMESTAMP_MS" || name == "TIMESTAMP WITH TIME ZONE") {
    return kind_only(TypeKind::kDateTime);
  }
  if (name == "TIME WITH TIME ZONE") return kind_only(TypeKind::kTime);
  if (name == "TIME_NS") return {.kind = TypeKind::kOther, .other = "TIME_NS"};
  const auto type = stored_type(name);
  return type.kind == TypeKind::kOther ? kind_only(TypeKind::kString) : type;
}

std::optional<StoredType> widened(const StoredType& a, const StoredType& b, StringWidening strings) {
  if (a == b) return a;
  if (is_number(a.kind) && is_number(b.kind) && strings != StringWidening::kOfKeys)
    return widened_number(a, b);
  if (moment_rank(a.kind) > 0 && moment_rank(b.kind) > 0) {
    return moment_rank(a.kind) > moment_rank(b.kind) ? a : b;
  }
  if (a.kind == TypeKind::kString) return a;
  if (strings == StringWidening::kForbidden) return std::nullopt;
  return kind_only(TypeKind::kString);
}

std::vector<StoredType> wider_types(const StoredType& stored) {
  if (stored.kind == TypeKind::kDate) return {kind_only(TypeKind::kDateTime)};
  if (!is_number(stored.kind)) return {};
  std::vector<StoredType> types;
  const bool wide = stored.kind == TypeKind::kDecimal && stored.width == kDecimalWidthMax;
  if (stored.kind != TypeKind::kFloat && !wide) types.push_back(kind_only(TypeKind::kFloat));
  for (const int scale : kWideDecimalScales) {
    if (stored.kind != TypeKind::kDecimal || scale > stored.scale)
      types.push_back(decimal_type(kDecimalWidthMax, scale));
  }
  return types;
}

std::optional<StoredType> widened_after_misfit(const StoredType& stored, const StoredType& found,
                                               StringWidening strings) {
  auto wider = widened(stored, found, strings);
  if (!wider || *wider != stored) return wider;
  if (stored.kind == TypeKind::kFloat && is_number(found.kind))
    return decimal_type(kDecimalWidthMax, std::max(found.scale, kWideDecimalScales.front()));
  // A double that did not fit has more digits behind the point; or before it, and then nothing is wider.
  if (stored.kind == TypeKind::kDecimal && found.kind == TypeKind::kFloat) {
    if (const auto types = wider_types(stored); !types.empty()) return types.front();
  }
  if (stored.kind == TypeKind::kString || strings == StringWidening::kForbidden) return std::nullopt;
  return kind_only(TypeKind::kString);
}

}  // namespace adit
